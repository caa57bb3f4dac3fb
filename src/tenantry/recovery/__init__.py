"""What brings a warehouse back: backup, restore, and pulling what is missing."""
