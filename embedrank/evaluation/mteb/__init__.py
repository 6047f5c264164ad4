"""Our models in mteb's evaluator, and our folders as its tasks. Every file here needs mteb; nothing else imports them."""
