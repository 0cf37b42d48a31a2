"""What Streamlit runs at every visit and after every click."""

from sparkify.dashboard import page

page.show()
