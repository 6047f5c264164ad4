from embedrank.evaluation.mteb.meta import encoder_meta, reranker_meta
from tests.search.fakes import BagEncoder, OverlapReranker


def test_a_model_that_mteb_knows_keeps_its_facts_and_gets_our_revision_and_settings():
    meta = encoder_meta(BagEncoder(), "Qwen/Qwen3-Embedding-0.6B", dim=64, settings={"prompts": "mteb"})
    assert (meta.license, meta.n_parameters) == ("apache-2.0", 595776512)
    assert (meta.revision, meta.embed_dim, meta.loader_kwargs) == ("bag-1", 64, {"prompts": "mteb"})
    assert meta.similarity_fn_name == "cosine"
    assert meta.to_dict()["loader"] is None


def test_a_folder_is_named_after_itself_and_nothing_is_made_up(tmp_path):
    meta = encoder_meta(BagEncoder(), str(tmp_path / "mine"), dim=256, settings={})
    assert (meta.name, meta.max_tokens) == ("local/mine", 512)
    assert meta.license is None and meta.n_parameters is None


def test_a_reranker_is_a_cross_encoder_and_one_without_a_fingerprint_says_so():
    meta = reranker_meta(OverlapReranker(), "me/judge", settings={})
    assert (meta.name, meta.model_type, meta.revision) == ("me/judge", ["cross-encoder"], "no_revision_available")
