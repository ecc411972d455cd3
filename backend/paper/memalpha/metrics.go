package memalpha

import "github.com/loci-lab/loci/backend/lab"

// The metrics.
const (
	MetricAccuracy   = "accuracy"
	MetricTest       = "test_accuracy"
	MetricSampled    = "test_accuracy_sampled"
	MetricLong       = "long_accuracy"
	MetricLongest    = "longest_accuracy"
	MetricMemory     = "memory_tokens"
	MetricTestMemory = "test_memory_tokens"
	MetricLongestMem = "longest_memory_tokens"
	MetricShare      = "memory_share"
	MetricValid      = "valid_calls"
	MetricTestValid  = "test_valid_calls"
	MetricExecuted   = "executed_calls"
	MetricCalls      = "calls"
	MetricContext    = "context_size"
	MetricFacts      = "fact_accuracy"
	MetricEvents     = "event_accuracy"
	MetricSamples    = "label_accuracy"
	MetricGist       = "gist_accuracy"
	MetricFactsIn    = "facts_in_semantic"
	MetricEventsIn   = "events_in_episodic"
	MetricSamplesIn  = "samples_in_semantic"
	MetricCore       = "core_writes"
	MetricNoise      = "noise_writes"
	MetricReward     = "reward"
	MetricR1         = "reward_answers"
	MetricR2         = "reward_executed"
	MetricR3         = "reward_shorter"
	MetricR4         = "reward_valid"
	MetricWrote      = "train_length"
	MetricWhole      = "found_whole"
	MetricEpisodic   = "found_episodic"
	MetricFoundCore  = "found_core"
	MetricFlat       = "flat_groups"
	MetricGap        = "logprob_gap"
	MetricLoss       = "supervised_loss"
	MetricWarmLoss   = "warm_loss"
	MetricParameters = "parameters"
)

// metrics describes them; x is updates of reinforcement learning but for the warm start's loss.
func metrics() []lab.MetricSpec {
	m := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "updates", Better: better, Doc: doc}
	}
	return []lab.MetricSpec{
		m(MetricAccuracy, "share", "higher", "questions answered rightly from the memory at the length of training, test split; most probable tokens"),
		m(MetricTest, "share", "higher", "the same on more instances, before and after learning"),
		m(MetricSampled, "share", "higher", "the same on a quarter of these, drawn at temperature 1"),
		m(MetricLong, "share", "higher", "questions answered rightly behind rl.long chunks"),
		m(MetricLongest, "share", "higher", "questions answered rightly behind rl.longest chunks"),
		m(MetricMemory, "tokens", "lower", "words of the memory behind the last chunk, at the length of training"),
		m(MetricTestMemory, "tokens", "lower", "the same on more instances, before and after learning"),
		m(MetricLongestMem, "tokens", "lower", "words of the memory behind rl.longest chunks"),
		m(MetricShare, "share", "lower", "words of the memory for one word that was read"),
		m(MetricValid, "share", "higher", "r4: calls that the judge finds valid, mean over responses"),
		m(MetricTestValid, "share", "higher", "the same on more instances, before and after learning"),
		m(MetricExecuted, "share", "higher", "r2: calls that could be executed, mean over responses"),
		m(MetricCalls, "calls", "", "calls of a response"),
		m(MetricContext, "tokens", "", "prompt and response, mean"),
		m(MetricFacts, "share", "higher", "questions for facts answered rightly"),
		m(MetricEvents, "share", "higher", "questions for days and orders of events answered rightly"),
		m(MetricSamples, "share", "higher", "questions for labels answered rightly"),
		m(MetricGist, "share", "higher", "questions for the protagonist's main topic answered rightly, from the core alone"),
		m(MetricFactsIn, "share", "", "writes at chunks of facts that go to the semantic store"),
		m(MetricEventsIn, "share", "higher", "writes at chunks of events that go to the episodic store"),
		m(MetricSamplesIn, "share", "", "writes at chunks of samples that go to the semantic store"),
		m(MetricCore, "writes", "", "writes of the core, for one chunk"),
		m(MetricNoise, "writes", "lower", "entries written at a chunk of noise"),
		m(MetricReward, "reward", "higher", "mean reward of a step in an update, all four parts together"),
		m(MetricR1, "share", "higher", "r1 of an update: questions answered rightly"),
		m(MetricR2, "share", "higher", "r2 of an update: calls executed"),
		m(MetricR3, "share", "higher", "r3 of an update: 1 less memory for one word read"),
		m(MetricR4, "share", "higher", "r4 of an update: calls judged valid"),
		m(MetricWrote, "tokens", "", "mean length of the responses of an update"),
		m(MetricWhole, "share", "higher", "chunks of an update with facts, events or samples all of which at least one rollout of the group kept whole: what is never sampled cannot be learned"),
		m(MetricEpisodic, "share", "higher", "chunks of events of an update for which at least one rollout wrote a valid entry of the episodic store"),
		m(MetricFoundCore, "share", "higher", "chunks of an update that tell a topic and for which at least one rollout wrote a valid core"),
		m(MetricFlat, "share", "lower", "groups of an update whose rewards are all the same"),
		m(MetricGap, "nats", "lower", "largest distance between the log-probability of a token when it was drawn and when it was trained on"),
		m(MetricLoss, "nats", "lower", "mean loss of a trained token in an update of the supervised control"),
		{Name: MetricWarmLoss, Unit: "nats", XUnit: "supervised steps", Better: "lower", Doc: "mean loss of a trained token during the warm start"},
		m(MetricParameters, "numbers", "", "trained numbers of the model"),
	}
}
