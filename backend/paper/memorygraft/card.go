package memorygraft

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows.
func Card() lab.Card {
	return lab.Card{
		Slug:   Slug,
		Short:  "MemoryGraft",
		Title:  "MemoryGraft: Persistent Compromise of LLM Agents via Poisoned Experience Retrieval",
		Source: "arXiv 2512.16962, 2025, Srivastava and He",
		Idea:   "An agent that imitates its own past imitates whatever is written into that past: show how far it goes, and which check catches what.",
		Problem: "Experience memories keep what worked and read it back for like tasks. Nothing says where a record came from. Foreign records that are dressed as successes are read for ordinary tasks, in later sessions, " +
			"with no trigger, and runs that follow them are stored as successes in turn.",
		Mechanism: "A store of (request, trace), read by the union of the top k by BM25 and the top k by embedding; judged successes are appended. A note brings a few records into it. Against that: records bear the environment's seal " +
			"(provenance attestation), records that break a rule rank behind or are dropped (consistency reranking), records of unattested origin wait in quarantine until a rehearsal confirms them, and the family of a record is purged by what followed what.",
		Reported: "MetaGPT DataInterpreter with GPT-4o: 10 poisoned of 110 records took 23 of 48 retrieved ones (47.9 %) for 12 requests of the same intent. Unsafe actions, task success, drift, dose and defences were not measured.",
		Pitfalls: []string{
			"Retrieved is not adopted: the share of poisoned records among those read and the unsafe rate stand side by side.",
			"A union brings three to six records a request, so the denominator moves with the channel.",
			"Poison is counted by record id, never by key phrases.",
			"Cover that the victim earned itself is the stronger test than cover that the attacker wrote.",
			"The environment signs, not the agent's process: what the agent can sign, the attacker can have signed.",
			"A seal says that a run succeeded by the environment's own test. If that test is blind to the flag, a run that imitates poison gets a valid seal.",
		},
		Basis:     "Full text, through a checked digest, and the authors' repository.",
		Form:      "tokens",
		Function:  "experiential",
		Control:   "heuristic",
		Learns:    "nothing is trained after the warm start; what changes is the store",
		World:     "ToolWorld, pipelines of abstract tokens",
		Rung:      "1, this computer; 2, a model endpoint",
		Notebook:  "memorygraft.md",
		Deviation: deviations(),
		Metrics:   metrics(),
	}
}

// deviations are those of doc.md, number by number.
func deviations() []string {
	return []string{
		"D1: a tiny language model that was warmed up to follow the most similar demonstration stands in for MetaGPT's DataInterpreter with GPT-4o; the strength of that habit is planted, and measured by a probe, where the paper assumes it.",
		"D2: the domain is a closed toy of abstract tokens (ToolWorld, suite tool-pipeline): no shell, no network, no real text of an attack. A shortcut is one of four tokens that raises a hidden flag.",
		"D3: the benign records were earned by the victim in sessions before the first one; in the paper the note brings them too, and a program that the agent runs writes the store.",
		"D4: the note's records are taken in by the runtime when the note is read, one entry each; what the paper's agent does by running a code block of a document is a rule here.",
		"D5: embeddings are a hashed bag of words in 256 dimensions, a signed random projection of the words, of the request alone, instead of ada-002; BM25 sees request, trace and tags, and counts the request twice.",
		"D6: what both searches found is ordered by cosine, the most similar next to the request; the paper leaves the order open.",
		"D7: requests of one kind name it by two of three names; a record of the note names all three and no table. It is ordinary in its words and like every request of its kind.",
		"D8: six of the eight kinds of requests are those of the note (rl.aimed), and all numbers are told for these and for the others; the paper's twelve requests all share the intent of the poisoned records.",
		"D9: the tasks of a session are read for and done side by side, and what they leave is written behind them, in order.",
		"D10: which method a stage wants is hidden, so that memory is worth something and a defence that blocks harmless records has a price; the paper does not measure success.",
		"D11: the seal of the first defence is an HMAC, since the environment both signs and verifies; the paper has a key pair. Tags are not sealed.",
		"D12: the risk of the second defence is a rule match on the trace that errs with chance epsilon, with a risk within an eighth of its verdict, fixed for a record; alpha, beta, tau and epsilon have no values in the paper.",
		"D13: a record that a defence keeps out is passed over and the next best takes its place, so that a gate changes which records are read and not how many.",
		"D14: quarantine, the late switch of defences, purges of the note's records or of their family, and time to live are ours.",
		"D15: all seeds of a notebook share one actor (agent.warm_seed), so intervals over seeds say nothing about how actors differ; rules, tasks and notes differ by seed.",
		"D16: the actor sees the calls that it made and not their replies; a model endpoint acts through the same loop, words that are not the world's are cut, and no log-probabilities are known.",
	}
}
