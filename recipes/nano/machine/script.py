"""Whether a text is written in the script of its language, so that untranslated entries are left out."""

import re

SCRIPTS = {
    "ar": "\u0600-\u06ff", "bg": "\u0400-\u04ff", "el": "\u0370-\u03ff", "he": "\u0590-\u05ff", "hi": "\u0900-\u097f",
    "ja": "\u3040-\u30ff\u4e00-\u9fff", "ko": "\uac00-\ud7af", "ru": "\u0400-\u04ff", "th": "\u0e00-\u0e7f",
    "uk": "\u0400-\u04ff", "zh": "\u4e00-\u9fff",
}  # fmt: skip


def is_in_script(text: str, lang: str) -> bool:
    """Whether a third of the letters are of the language's script; languages in Latin letters always pass."""
    script = SCRIPTS.get(re.split("[-_@]", lang)[0])
    letters = [c for c in text if c.isalpha()]
    return script is None or 3 * len(re.findall(f"[{script}]", text)) >= len(letters) > 0
