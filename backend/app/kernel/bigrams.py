"""Words for a full-text index that finds Chinese: runs of CJK as overlapping pairs, everything else as words.

Database tokenizers do not cut 「大米还有吗」, and trigram indexes miss two-character words. A pair is written in
code points (`u5927u7c73`), so that every database's plain parser takes it for one word of more than its minimum length.
"""

import re
import unicodedata

_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?P<word>[^\W_{_CJK}]+)")
MAX_WORD = 40  # characters of one word; the rest of a longer one is not searchable
MIN_WORD = 3  # MySQL's full-text index drops shorter words, so they are lengthened; queries match beginnings
MAX_TERMS = 16  # of one query


def normalized(text: str) -> str:
    """Full-width and half-width, upper and lower case are the same to a reader."""
    return unicodedata.normalize("NFKC", text).casefold()


def tokens(text: str) -> list[str]:
    """The index words of a text, each once, in order. The last character of a CJK run stands alone too."""
    found: dict[str, None] = {}
    for run in _RUNS.finditer(normalized(text)):
        cjk = run["cjk"]
        if cjk:
            found.update(dict.fromkeys(_points(cjk[i : i + 2]) for i in range(len(cjk))))
        else:
            found[_word(run["word"])] = None
    return list(found)


def query_terms(text: str) -> list[tuple[str, bool]]:
    """What all must be in a message: (index word, whether it may be the beginning of one).

    A single CJK character is the beginning of a pair; the last Latin word may be still being typed.
    """
    terms: dict[tuple[str, bool], None] = {}
    for run in _RUNS.finditer(normalized(text)):
        cjk = run["cjk"]
        if cjk and len(cjk) == 1:
            terms[(_points(cjk), True)] = None
        elif cjk:
            terms.update(dict.fromkeys((_points(cjk[i : i + 2]), False) for i in range(len(cjk) - 1)))
        else:
            terms[(run["word"][:MAX_WORD], True)] = None
    return list(terms)[:MAX_TERMS]


def _points(characters: str) -> str:
    return "".join(f"u{ord(character):x}" for character in characters)


def _word(word: str) -> str:
    return word[:MAX_WORD].ljust(MIN_WORD, "0")
