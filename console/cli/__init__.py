"""What the commands of ``python -m console`` share: options, the profile, periods and how an answer is printed."""
