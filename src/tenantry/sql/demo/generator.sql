-- What the demo's rows are made from: tables that exist for one transaction, in any source database. This
-- file has what all tenants share. <tenant>.sql fills the four tables of a tenant; the caller fills demo_run.

-- A number in [0, 1) that depends only on its arguments. Hash partitioning relies on this hash, so no release
-- of PostgreSQL can change it. It folds `key` to 32 bits, so keys must be small. It uses all of `seed`, so
-- draws with the same key differ by seed. A search_path of its own would prevent inlining.
CREATE FUNCTION pg_temp.unit(key bigint, seed bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (pg_catalog.hashint8extended(key, seed) & 4503599627370495) / 4503599627370496.0::float8 $$;

-- One row: which tenant's rows to make, and for which half-open time.
CREATE TEMPORARY TABLE demo_run (
    tenant text,
    seed bigint,
    timezone text,
    stores int,
    daily_rows int,
    from_time timestamptz,
    to_time timestamptz
) ON COMMIT DROP;

-- `size` is relative to the tenant's other stores; `weekend` is a factor on Saturdays and Sundays, 0: closed.
CREATE TEMPORARY TABLE demo_store (
    id int GENERATED ALWAYS AS IDENTITY, name text, region text, size float8, weekend float8
) ON COMMIT DROP;

-- How busy a day is, relative to the year's mean: points in the year, connected by straight lines.
CREATE TEMPORARY TABLE demo_season (month int, day int, factor float8) ON COMMIT DROP;

-- The same by day of the week; isodow 1 is Monday.
CREATE TEMPORARY TABLE demo_week (isodow int, factor float8) ON COMMIT DROP;

-- The share of a day's rows, and the local time around which most are logged, plus or minus `spread`.
CREATE TEMPORARY TABLE demo_meal (
    id int GENERATED ALWAYS AS IDENTITY, code text, share float8, weekend_share float8, peak interval, spread interval
) ON COMMIT DROP;

-- `typical` is the median weight that is thrown away at once, in pounds; `meals` are codes of demo_meal.
CREATE TEMPORARY TABLE demo_item (
    id int GENERATED ALWAYS AS IDENTITY,
    name text,
    category text,
    station text,
    cost_per_lb numeric,
    typical float8,
    meals text
) ON COMMIT DROP;
INSERT INTO demo_item (name, category, station, cost_per_lb, typical, meals) VALUES
    ('Scrambled Eggs', 'Eggs & Dairy', 'Breakfast Line', 2.10, 4.2, 'B'),
    ('Hard Boiled Eggs', 'Eggs & Dairy', 'Salad Bar', 2.35, 1.8, 'BL'),
    ('Egg White Frittata', 'Eggs & Dairy', 'Breakfast Line', 3.90, 2.6, 'B'),
    ('Buttermilk Pancakes', 'Bakery & Grains', 'Breakfast Line', 1.15, 3.1, 'B'),
    ('Belgian Waffles', 'Bakery & Grains', 'Breakfast Line', 1.30, 2.4, 'B'),
    ('French Toast Sticks', 'Bakery & Grains', 'Breakfast Line', 1.85, 2.7, 'B'),
    ('Steel Cut Oatmeal', 'Bakery & Grains', 'Breakfast Line', 0.55, 5.6, 'B'),
    ('Cheddar Grits', 'Bakery & Grains', 'Breakfast Line', 0.95, 4.4, 'B'),
    ('Smoked Bacon', 'Pork', 'Breakfast Line', 5.60, 1.6, 'B'),
    ('Pork Sausage Links', 'Pork', 'Breakfast Line', 3.75, 2.0, 'B'),
    ('Turkey Sausage Patties', 'Poultry', 'Breakfast Line', 3.95, 1.8, 'B'),
    ('Home Fries', 'Starches & Sides', 'Breakfast Line', 0.95, 4.8, 'B'),
    ('Hash Brown Casserole', 'Starches & Sides', 'Breakfast Line', 1.25, 4.1, 'B'),
    ('Biscuits', 'Bakery & Grains', 'Bakery', 1.40, 1.9, 'B'),
    ('Sausage Gravy', 'Soups & Sauces', 'Breakfast Line', 1.70, 3.4, 'B'),
    ('Blueberry Muffins', 'Bakery & Grains', 'Bakery', 2.60, 1.7, 'BN'),
    ('Butter Croissants', 'Bakery & Grains', 'Bakery', 3.20, 1.3, 'B'),
    ('Assorted Bagels', 'Bakery & Grains', 'Bakery', 1.55, 2.2, 'BL'),
    ('Greek Yogurt', 'Eggs & Dairy', 'Salad Bar', 2.45, 2.8, 'BL'),
    ('Maple Granola', 'Bakery & Grains', 'Salad Bar', 3.40, 1.2, 'B'),
    ('Cut Melon', 'Fruit', 'Salad Bar', 1.45, 4.6, 'BLD'),
    ('Pineapple Chunks', 'Fruit', 'Salad Bar', 1.60, 3.5, 'BLD'),
    ('Mixed Berries', 'Fruit', 'Salad Bar', 4.80, 1.4, 'BD'),
    ('Bananas', 'Fruit', 'Grab & Go', 0.62, 3.2, 'BLN'),
    ('Sliced Strawberries', 'Fruit', 'Salad Bar', 3.10, 1.9, 'BD'),
    ('Romaine Lettuce', 'Vegetables', 'Salad Bar', 1.95, 3.3, 'LD'),
    ('Spring Mix', 'Vegetables', 'Salad Bar', 4.10, 1.6, 'LD'),
    ('Cherry Tomatoes', 'Vegetables', 'Salad Bar', 2.65, 1.7, 'LD'),
    ('Sliced Cucumbers', 'Vegetables', 'Salad Bar', 1.35, 2.1, 'LD'),
    ('Shredded Carrots', 'Vegetables', 'Salad Bar', 0.98, 1.8, 'LD'),
    ('Marinated Beets', 'Vegetables', 'Salad Bar', 1.90, 2.0, 'LD'),
    ('Caesar Salad', 'Prepared Salads', 'Salad Bar', 2.90, 3.0, 'LD'),
    ('Quinoa Tabbouleh', 'Prepared Salads', 'Salad Bar', 2.75, 2.6, 'LD'),
    ('Potato Salad', 'Prepared Salads', 'Deli', 1.55, 3.4, 'LD'),
    ('Creamy Coleslaw', 'Prepared Salads', 'Deli', 1.20, 3.2, 'LD'),
    ('Tuna Salad', 'Fish & Seafood', 'Deli', 3.85, 2.2, 'L'),
    ('Chicken Salad', 'Poultry', 'Deli', 3.60, 2.4, 'L'),
    ('Hummus', 'Prepared Salads', 'Salad Bar', 2.30, 1.9, 'LDN'),
    ('Chicken Noodle Soup', 'Soups & Sauces', 'Soup Kettles', 1.45, 7.2, 'LD'),
    ('Tomato Basil Soup', 'Soups & Sauces', 'Soup Kettles', 1.25, 6.8, 'LD'),
    ('Clam Chowder', 'Soups & Sauces', 'Soup Kettles', 2.60, 5.4, 'LD'),
    ('Vegetarian Chili', 'Soups & Sauces', 'Soup Kettles', 1.60, 6.1, 'LD'),
    ('Turkey Gravy', 'Soups & Sauces', 'Comfort Line', 1.10, 3.6, 'D'),
    ('Marinara Sauce', 'Soups & Sauces', 'Pizza & Pasta', 1.05, 4.0, 'LD'),
    ('Alfredo Sauce', 'Soups & Sauces', 'Pizza & Pasta', 2.15, 3.3, 'LD'),
    ('Penne Pasta', 'Starches & Sides', 'Pizza & Pasta', 0.85, 5.2, 'LD'),
    ('Baked Ziti', 'Starches & Sides', 'Pizza & Pasta', 1.95, 5.0, 'LD'),
    ('Macaroni & Cheese', 'Starches & Sides', 'Comfort Line', 1.75, 5.3, 'LDN'),
    ('Cheese Pizza', 'Pizza', 'Pizza & Pasta', 2.05, 2.7, 'LDN'),
    ('Pepperoni Pizza', 'Pizza', 'Pizza & Pasta', 2.55, 2.5, 'LDN'),
    ('Vegetable Flatbread', 'Pizza', 'Pizza & Pasta', 2.80, 1.9, 'LD'),
    ('Steamed White Rice', 'Starches & Sides', 'Global Kitchen', 0.60, 6.3, 'LD'),
    ('Brown Rice Pilaf', 'Starches & Sides', 'Global Kitchen', 0.90, 5.1, 'LD'),
    ('Mashed Potatoes', 'Starches & Sides', 'Comfort Line', 0.95, 6.0, 'LD'),
    ('Roasted Red Potatoes', 'Starches & Sides', 'Comfort Line', 1.05, 4.7, 'LD'),
    ('French Fries', 'Starches & Sides', 'Grill', 1.35, 3.0, 'LDN'),
    ('Sweet Potato Fries', 'Starches & Sides', 'Grill', 1.95, 2.3, 'LDN'),
    ('Steamed Broccoli', 'Vegetables', 'Comfort Line', 1.70, 3.9, 'LD'),
    ('Green Beans Almondine', 'Vegetables', 'Comfort Line', 1.85, 3.5, 'LD'),
    ('Roasted Brussels Sprouts', 'Vegetables', 'Comfort Line', 2.20, 3.0, 'D'),
    ('Glazed Carrots', 'Vegetables', 'Comfort Line', 1.15, 3.6, 'LD'),
    ('Buttered Corn', 'Vegetables', 'Comfort Line', 1.05, 3.8, 'LD'),
    ('Sauteed Kale', 'Vegetables', 'Global Kitchen', 2.10, 2.2, 'D'),
    ('Stir Fry Vegetables', 'Vegetables', 'Global Kitchen', 1.90, 3.7, 'LD'),
    ('Grilled Chicken Breast', 'Poultry', 'Grill', 3.80, 3.4, 'LD'),
    ('Fried Chicken', 'Poultry', 'Comfort Line', 3.10, 3.9, 'LD'),
    ('Orange Chicken', 'Poultry', 'Global Kitchen', 3.45, 4.0, 'LD'),
    ('Chicken Tikka Masala', 'Poultry', 'Global Kitchen', 3.55, 4.3, 'D'),
    ('Roast Turkey Breast', 'Poultry', 'Carvery', 4.20, 3.2, 'LD'),
    ('Chicken Tenders', 'Poultry', 'Grill', 3.65, 2.5, 'LDN'),
    ('Hamburger Patties', 'Beef', 'Grill', 4.60, 2.4, 'LDN'),
    ('Beef Pot Roast', 'Beef', 'Carvery', 5.90, 3.6, 'D'),
    ('Prime Rib', 'Beef', 'Carvery', 11.80, 2.7, 'D'),
    ('Taco Beef', 'Beef', 'Global Kitchen', 4.15, 3.5, 'LD'),
    ('Beef Bolognese', 'Beef', 'Pizza & Pasta', 3.95, 3.9, 'LD'),
    ('Meatloaf', 'Beef', 'Comfort Line', 3.70, 3.4, 'D'),
    ('Pulled Pork', 'Pork', 'Carvery', 3.50, 3.6, 'LD'),
    ('Glazed Ham', 'Pork', 'Carvery', 3.85, 2.9, 'D'),
    ('Carnitas', 'Pork', 'Global Kitchen', 3.75, 3.1, 'LD'),
    ('Baked Cod', 'Fish & Seafood', 'Comfort Line', 6.40, 2.4, 'LD'),
    ('Atlantic Salmon', 'Fish & Seafood', 'Grill', 9.90, 2.0, 'D'),
    ('Shrimp Scampi', 'Fish & Seafood', 'Pizza & Pasta', 10.20, 1.8, 'D'),
    ('Fish Tacos', 'Fish & Seafood', 'Global Kitchen', 5.70, 2.1, 'LD'),
    ('Tofu Curry', 'Plant Protein', 'Global Kitchen', 2.25, 3.6, 'LD'),
    ('Black Beans', 'Plant Protein', 'Global Kitchen', 0.85, 4.4, 'LD'),
    ('Falafel', 'Plant Protein', 'Global Kitchen', 2.65, 1.9, 'LD'),
    ('Veggie Burgers', 'Plant Protein', 'Grill', 4.40, 1.5, 'LDN'),
    ('Turkey Club Sandwiches', 'Sandwiches', 'Deli', 4.30, 1.7, 'LN'),
    ('Ham & Swiss Sandwiches', 'Sandwiches', 'Deli', 4.10, 1.6, 'LN'),
    ('Caprese Panini', 'Sandwiches', 'Deli', 4.70, 1.4, 'LN'),
    ('Vegetable Wraps', 'Sandwiches', 'Grab & Go', 3.90, 1.3, 'LN'),
    ('Sliced Sandwich Bread', 'Bakery & Grains', 'Deli', 1.10, 1.8, 'L'),
    ('Dinner Rolls', 'Bakery & Grains', 'Bakery', 1.25, 1.9, 'D'),
    ('Garlic Bread', 'Bakery & Grains', 'Pizza & Pasta', 1.50, 1.6, 'D'),
    ('Chocolate Chip Cookies', 'Desserts', 'Bakery', 2.40, 1.4, 'LDN'),
    ('Fudge Brownies', 'Desserts', 'Bakery', 2.70, 1.6, 'LDN'),
    ('Apple Crisp', 'Desserts', 'Bakery', 1.80, 2.9, 'D'),
    ('Cheesecake', 'Desserts', 'Bakery', 4.20, 1.5, 'D'),
    ('Rice Pudding', 'Desserts', 'Grab & Go', 1.45, 2.3, 'LD'),
    ('Fruit Parfaits', 'Desserts', 'Grab & Go', 3.30, 1.4, 'BLN'),
    ('Two Percent Milk', 'Beverages', 'Beverages', 0.58, 4.9, 'BLD'),
    ('Orange Juice', 'Beverages', 'Beverages', 0.92, 3.8, 'B'),
    ('Brewed Coffee', 'Beverages', 'Beverages', 0.35, 5.4, 'BN');

-- `holds` is the weight up to which a cook takes this pan, in pounds, in rising order.
CREATE TEMPORARY TABLE demo_pan (
    id int GENERATED ALWAYS AS IDENTITY, name text, average_weight numeric, holds float8
) ON COMMIT DROP;
INSERT INTO demo_pan (name, average_weight, holds) VALUES
    ('Deli Cup', 0.08, 0.6),
    ('Ninth Pan', 0.62, 1.0),
    ('Sixth Pan', 0.95, 1.6),
    ('Small Lexan', 0.80, 2.2),
    ('Sheet Tray, Half', 1.45, 2.8),
    ('Third Pan, 4 in', 1.60, 3.6),
    ('Salad Bowl', 1.25, 4.2),
    ('Half Pan, 2 in', 1.85, 5.0),
    ('Half Pan, 4 in', 2.40, 6.5),
    ('Sheet Tray, Full', 3.10, 7.5),
    ('Full Pan, 2 in', 3.25, 9.0),
    ('Soup Inset, 7 qt', 2.90, 11.0),
    ('Full Pan, 4 in', 4.30, 15.0),
    ('Soup Inset, 11 qt', 3.75, 19.0),
    ('Cambro, 12 qt', 2.60, 24.0),
    ('Bus Tub', 3.40, 1000.0);

-- Why food was thrown away and what became of it belong together; NULL means that nobody said.
CREATE TEMPORARY TABLE demo_outcome (
    id int GENERATED ALWAYS AS IDENTITY, reason text, action text, weight float8
) ON COMMIT DROP;
INSERT INTO demo_outcome (reason, action, weight) VALUES
    ('Overproduction', 'Compost', 19),
    ('Overproduction', 'Donate', 11),
    ('Overproduction', 'Repurpose', 5),
    ('Overproduction', 'Landfill', 4),
    ('Trim Waste', 'Compost', 9),
    ('Trim Waste', 'Animal Feed', 3),
    ('Spoilage', 'Compost', 5),
    ('Spoilage', 'Landfill', 3),
    ('Expired', 'Compost', 4),
    ('Expired', 'Landfill', 3),
    ('Plate Waste', 'Compost', 6),
    ('Plate Waste', 'Digester', 3),
    ('Catering Return', 'Donate', 3),
    ('Catering Return', 'Compost', 2),
    ('Overcooked', 'Compost', 2.5),
    ('Overcooked', 'Landfill', 1),
    ('Quality Issue', 'Landfill', 2),
    ('Dropped or Spilled', 'Landfill', 2),
    ('Equipment Failure', 'Digester', 1),
    ('Wrong Temperature', 'Landfill', 1.5),
    (NULL, 'Compost', 5),
    (NULL, 'Landfill', 3.5),
    (NULL, NULL, 1);
