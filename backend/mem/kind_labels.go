package mem

// Labels say where a memory stands in two taxonomies: form, function, formation, evolution, retrieval and control are the axes of
// arXiv 2512.13564 with the last one added, scope and substrate those of arXiv 2603.07670. Each label carries its own short reason where
// the word alone would leave a doubt.
type Labels struct {
	Form      string // what carries it
	Function  string // why it is there
	Formation string // how an experience becomes an entry
	Evolution string // what changes an entry later
	Retrieval string // when, by which query, by which strategy
	Control   string // who decides: heuristic, learned-RL, none
	Scope     string // working, episodic, semantic, procedural
	Substrate string // context text, vector-indexed store, structured store
	Source    string // what it follows
}

func noneLabels() Labels {
	return Labels{"none", "none", "none", "none", "never", "none", "working", "context text", "the yardstick of every memory"}
}

func lastLabels() Labels {
	return Labels{"token-level, flat", "working; experiential: case", "copy", "forgetting: time", "always; the newest", "heuristic",
		"working", "context text", "sliding window"}
}

func fullLabels() Labels {
	return Labels{"token-level, flat", "working; experiential: case", "copy", "none until the budget, then time", "always; everything that fits", "heuristic",
		"working", "context text", "full context"}
}

func summaryLabels() Labels {
	return Labels{"token-level, flat", "factual; working: state consolidation", "semantic summarisation, incremental", "consolidation: local; forgetting: time",
		"always; everything that fits", "heuristic", "semantic", "context text", "running summary by rule"}
}

func bm25Labels() Labels {
	return Labels{"token-level, flat", "factual; experiential: case", "copy", "forgetting: time", "always; raw query; lexical", "heuristic",
		"episodic", "structured store", "doi 10.1561/1500000019"}
}

func embeddingLabels() Labels {
	return Labels{"token-level, flat", "factual; experiential: case", "copy", "forgetting: time", "always; raw query; semantic", "heuristic",
		"episodic", "vector-indexed store", "retrieval-augmented generation"}
}

func hybridLabels() Labels {
	return Labels{"token-level, flat", "factual; experiential: case", "copy", "forgetting: time", "always; raw query; hybrid", "heuristic",
		"episodic", "hybrid", "doi 10.1145/1571941.1572114"}
}

func generativeLabels() Labels {
	return Labels{"token-level, flat", "factual; experiential: case", "copy, with an importance by rule", "forgetting: time, refreshed by reading",
		"always; raw query; semantic, re-ranked by recency and importance", "heuristic", "episodic", "vector-indexed store", "arXiv 2304.03442v2, section 4.1"}
}

func mem0Labels() Labels {
	return Labels{"token-level, flat", "factual: user and environment", "knowledge distillation: facts", "updating: external store (add, update, delete)",
		"always; raw query; semantic", "heuristic", "semantic", "vector-indexed store", "arXiv 2504.19413, section 2.1, its model replaced by rules"}
}

func reflexionLabels() Labels {
	return Labels{"token-level, flat", "experiential: strategy", "knowledge distillation: experience, of failures alone", "forgetting: time",
		"always; everything", "heuristic", "procedural", "context text", "arXiv 2303.11366v4, section 3"}
}

func memrlLabels() Labels {
	return Labels{"token-level, flat", "experiential: case", "copy, under the key of a like intent", "updating: the value of an entry; forgetting: value",
		"always; raw query; semantic, gated, re-ranked by learned value", "learned-RL", "episodic", "vector-indexed store", "arXiv 2601.03192v1"}
}
