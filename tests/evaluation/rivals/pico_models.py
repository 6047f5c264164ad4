"""Models of others, made on the spot: a BERT of two layers as a sentence-transformers folder and as a CrossEncoder."""

import torch

WORDS = (
    "the brown bear catches salmon a fox sleeps in wood ferries cross river what does catch how to query passage : ."
)


def _tokenizer(folder, max_length):
    from transformers import BertTokenizerFast

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(WORDS.split())]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=max_length)
    return tokenizer, len(vocabulary)


def _bert_config(size, **more):
    from transformers import BertConfig

    return BertConfig(
        vocab_size=size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        **more,
    )


def pico_sentence_folder(folder, *, prompts=None, max_length=16):
    """An embedder of 32 dimensions that reads 16 tokens."""
    from sentence_transformers import SentenceTransformer, models
    from transformers import BertModel

    tokenizer, size = _tokenizer(folder / "words", max_length)
    torch.manual_seed(0)
    BertModel(_bert_config(size)).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    body = models.Transformer(str(folder / "bert"), max_seq_length=max_length)
    made = SentenceTransformer(modules=[body, models.Pooling(32)], device="cpu", prompts=prompts)
    made.save(str(folder / "model"))
    return folder / "model"


def pico_cross_encoder(folder, *, labels=1, max_length=24):
    """A reranker that reads 24 tokens of a pair."""
    from transformers import BertForSequenceClassification

    tokenizer, size = _tokenizer(folder / "words", max_length)
    torch.manual_seed(0)
    BertForSequenceClassification(_bert_config(size, num_labels=labels)).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    return folder / "model"
