"""Brief: what happened, why, and what needs me?"""
