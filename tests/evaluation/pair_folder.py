"""Writes tiny folders of pairs and labelled texts."""

import gzip
import json


def write_rows(folder, split, rows, *, zipped=False):
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path = folder / f"{split}.jsonl{'.gz' if zipped else ''}"
    if zipped:
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return folder


def pair(first, second, score=None, **more):
    scored = {} if score is None else {"score": score}
    return {"sentence1": first, "sentence2": second, **scored, **more}


GRADED = [
    pair("a cat sleeps", "a cat sleeps", 5.0),
    pair("a cat sleeps", "a cat eats", 3.5),
    pair("the bear fishes salmon", "a bear eats salmon", 4.0),
    pair("the ferry leaves", "a dog barks", 0.5),
    pair("rain falls on roofs", "rain falls on the sea", 2.0),
]
BINARY = [
    pair("how do I pay", "how can I pay", 1),
    pair("how do I pay", "where is my card", 0),
    pair("card lost in town", "I lost my card in town", 1),
    pair("close my account", "open an account", 0),
    pair("what is the rate", "tell me the rate what is it", 1),
    pair("what is the rate", "what is the time", 0),
]
ANIMALS = ["cat", "dog", "bear", "lynx"]
TRADES = ["bank", "card", "loan", "rate"]


def labelled(number):
    animal, trade = ANIMALS[number % 4], TRADES[number // 4 % 4]
    rows = [{"text": f"the animal {animal} number {number} in the wood", "label": "animals"}]
    return [*rows, {"text": f"my money {trade} number {number} at the desk", "label": "money"}]


TRAIN = [row for number in range(16) for row in labelled(number)]
TEST = [row for number in range(16, 22) for row in labelled(number)]
