-- A group of hospitals: patients eat every day of the year, while visitors and staff are fewer at weekends.
INSERT INTO demo_store (name, region, size, weekend) VALUES
    ('St. Brigid Medical Center', 'Metro', 2.4, 0.85),
    ('Orchard General Hospital', 'Metro', 2.0, 0.85),
    ('Riverside Children''s Hospital', 'Metro', 1.3, 0.80),
    ('Hudson Valley Regional', 'Hudson Valley', 1.1, 0.85),
    ('Northgate Heart Institute', 'Hudson Valley', 0.7, 0.75),
    ('Maple Ridge Rehabilitation', 'Upstate', 0.6, 1.00),
    ('Lakeview Behavioral Health', 'Upstate', 0.5, 1.00),
    ('Orchard Medical Office Café', 'Metro', 0.4, 0.00);
INSERT INTO demo_season (month, day, factor) VALUES
    (1, 1, 0.85), (1, 8, 1.12), (2, 20, 1.12), (4, 1, 1.03), (6, 1, 0.98), (7, 1, 0.97), (7, 4, 0.80), (7, 8, 0.96),
    (8, 20, 0.95), (10, 1, 1.00), (11, 20, 1.05), (11, 26, 0.86), (12, 1, 1.06), (12, 20, 1.04), (12, 25, 0.72), (12, 31, 0.85);
INSERT INTO demo_week (isodow, factor) VALUES
    (1, 1.06), (2, 1.09), (3, 1.09), (4, 1.07), (5, 1.02), (6, 0.98), (7, 0.96);
INSERT INTO demo_meal (code, share, weekend_share, peak, spread) VALUES
    ('B', 0.25, 0.27, '08:25', '01:00'),
    ('L', 0.35, 0.32, '12:50', '01:10'),
    ('D', 0.25, 0.26, '18:00', '01:05'),
    ('N', 0.04, 0.04, '21:00', '00:50'),
    -- From the kitchen, not from a meal.
    ('L', 0.11, 0.11, '12:30', '04:00');
