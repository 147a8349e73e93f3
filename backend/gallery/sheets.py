"""Puts the pictures of a scene on one sheet, and all sheets on one page."""

from html import escape
from pathlib import Path

STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 24px; background: #777; color: #fff; }
section { margin-block-end: 40px; } .row { display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start; }
figure { margin: 0; } img { display: block; border-radius: 4px; block-size: auto; max-inline-size: 620px; }
img[src*="390-"] { max-inline-size: 240px; } figcaption { font-size: 12px; opacity: .8; }
"""


def write(folder: Path) -> Path:
    """`index.html` in `folder`; answers where it is."""
    scenes = sorted(path for path in folder.iterdir() if path.is_dir())
    body = "".join(_section(folder, scene) for scene in scenes)
    page = folder / "index.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><title>Parley</title><style>{STYLE}</style>{body}", "utf-8")
    return page


def _section(folder: Path, scene: Path) -> str:
    figures = "".join(_figure(picture.relative_to(folder)) for picture in sorted(scene.glob("*.png")))
    return f'<section id="{escape(scene.name)}"><h2>{escape(scene.name)}</h2><div class=row>{figures}</div></section>'


def _figure(picture: Path) -> str:
    image = f'<a href="{picture}"><img loading=lazy src="{picture}" alt=""></a>'
    return f"<figure>{image}<figcaption>{escape(picture.stem)}</figcaption></figure>"
