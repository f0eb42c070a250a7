"""Health: is it up, and where is it slow or failing?"""
