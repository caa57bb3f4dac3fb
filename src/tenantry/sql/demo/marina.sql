-- A chain of hotels on the coast: the high season is summer, and the busy days are Friday to Sunday.
INSERT INTO demo_store (name, region, size, weekend) VALUES
    ('Harbor Grand San Diego', 'Southern California', 2.6, 1.1),
    ('Bayfront Convention Hotel', 'Southern California', 2.3, 0.7),
    ('Embarcadero Tower', 'Bay Area', 1.9, 0.9),
    ('Santa Monica Pier House', 'Southern California', 1.5, 1.2),
    ('Monterey Cannery Inn', 'Central Coast', 1.2, 1.3),
    ('Elliott Bay Hotel', 'Pacific Northwest', 1.2, 1.0),
    ('Coronado Beach Resort', 'Southern California', 1.1, 1.3),
    ('Santa Barbara Mission Lodge', 'Central Coast', 0.9, 1.3),
    ('Sausalito Landing', 'Bay Area', 0.7, 1.3),
    ('Willamette Riverside', 'Pacific Northwest', 0.7, 0.9),
    ('Pismo Dunes Lodge', 'Central Coast', 0.5, 1.4),
    ('Cannon Beach Retreat', 'Pacific Northwest', 0.4, 1.5);
INSERT INTO demo_season (month, day, factor) VALUES
    (1, 1, 1.15), (1, 6, 0.62), (2, 10, 0.70), (3, 15, 0.88), (4, 15, 0.95), (5, 20, 1.08), (6, 15, 1.32), (7, 4, 1.60),
    (7, 20, 1.50), (8, 12, 1.52), (9, 2, 1.35), (9, 12, 1.02), (10, 20, 0.92), (11, 15, 0.72), (11, 27, 0.98), (12, 5, 0.70),
    (12, 22, 1.05), (12, 31, 1.35);
INSERT INTO demo_week (isodow, factor) VALUES
    (1, 0.80), (2, 0.78), (3, 0.83), (4, 0.90), (5, 1.04), (6, 1.11), (7, 1.00);
INSERT INTO demo_meal (code, share, weekend_share, peak, spread) VALUES
    ('B', 0.36, 0.41, '10:20', '01:20'),
    ('L', 0.16, 0.15, '14:00', '01:15'),
    ('D', 0.28, 0.25, '20:30', '01:25'),
    ('N', 0.06, 0.06, '22:10', '00:40'),
    -- From the kitchen, not from a meal.
    ('L', 0.14, 0.13, '14:30', '04:15');
