-- A university's dining halls: full during the semesters and nearly empty between them. The cafés close at
-- weekends.
INSERT INTO demo_store (name, region, size, weekend) VALUES
    ('North Quad Dining Hall', 'North Campus', 3.2, 1.0),
    ('South Quad Dining Hall', 'South Campus', 2.7, 1.0),
    ('Student Union Food Court', 'Central Campus', 2.2, 0.7),
    ('East Commons', 'South Campus', 2.0, 1.0),
    ('Founders Hall', 'Central Campus', 1.8, 0.9),
    ('Lakeside Dining', 'North Campus', 1.7, 1.1),
    ('West Commons', 'North Campus', 1.5, 1.0),
    ('Central Commissary', 'Central Campus', 1.3, 0.4),
    ('Catering Kitchen', 'Central Campus', 1.1, 1.2),
    ('Medical School Cafeteria', 'Medical Campus', 1.1, 0.5),
    ('Central Bakery', 'Central Campus', 0.9, 0.6),
    ('Graduate House Kitchen', 'Medical Campus', 0.8, 0.9),
    ('Chapel Street Market', 'South Campus', 0.7, 0.8),
    ('Business School Bistro', 'South Campus', 0.6, 0.0),
    ('Field House Grill', 'Athletics', 0.6, 1.3),
    ('Faculty Club', 'Central Campus', 0.5, 0.0),
    ('Engineering Atrium Café', 'North Campus', 0.5, 0.0),
    ('Library Café', 'Central Campus', 0.5, 0.7),
    ('The Den', 'North Campus', 0.5, 1.3),
    ('Science Center Café', 'North Campus', 0.4, 0.0),
    ('Law School Café', 'South Campus', 0.4, 0.0),
    ('Stadium Concessions', 'Athletics', 0.4, 2.4),
    ('Arts Center Café', 'Central Campus', 0.3, 0.5),
    ('Veterinary School Café', 'Medical Campus', 0.3, 0.0);
INSERT INTO demo_season (month, day, factor) VALUES
    (1, 1, 0.10), (1, 10, 0.25), (1, 15, 1.45), (3, 7, 1.40), (3, 10, 0.45), (3, 16, 0.45), (3, 19, 1.42), (5, 5, 1.45),
    (5, 12, 0.90), (5, 18, 0.40), (6, 8, 0.52), (8, 5, 0.50), (8, 18, 0.75), (8, 26, 1.55), (11, 20, 1.45), (11, 25, 0.45),
    (11, 29, 0.40), (12, 2, 1.50), (12, 14, 1.35), (12, 20, 0.30), (12, 25, 0.08), (12, 31, 0.10);
INSERT INTO demo_week (isodow, factor) VALUES
    (1, 1.02), (2, 1.08), (3, 1.07), (4, 1.03), (5, 0.89), (6, 0.79), (7, 0.89);
INSERT INTO demo_meal (code, share, weekend_share, peak, spread) VALUES
    ('B', 0.19, 0.12, '09:15', '01:20'),
    ('L', 0.32, 0.37, '13:10', '01:30'),
    ('D', 0.31, 0.31, '19:10', '01:30'),
    ('N', 0.06, 0.08, '21:40', '00:50'),
    -- From the kitchen, not from a meal.
    ('L', 0.12, 0.12, '13:30', '04:00');
