"""How Recommendations is drawn: a module a part, and `parts`, which chooses one.

A part is a function ``draw(reader, source)``: it draws everything below the control, its filters (`kit.page.filtered`)
and its trust line too. Another part has a line in `parts.PARTS`, one in the page, and a folder or a module of its own.
"""
