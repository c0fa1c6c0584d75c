"""AWS Lambda: functions in Python whose code really runs, in processes of their own."""
