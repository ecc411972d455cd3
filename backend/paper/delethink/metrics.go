package delethink

import "github.com/loci-lab/loci/backend/lab"

// The metrics.
const (
	MetricAccuracy         = "accuracy"
	MetricAnswered         = "answered"
	MetricSufficiency      = "sufficiency"
	MetricContext          = "context_size"
	MetricMemory           = "memory_size"
	MetricTokens           = "thought_tokens"
	MetricChunks           = "chunks"
	MetricRestates         = "restates"
	MetricDistance         = "restate_distance"
	MetricReward           = "train_accuracy"
	MetricFlat             = "flat_groups"
	MetricGap              = "logprob_gap"
	MetricTrainTokens      = "train_tokens"
	MetricTrainSufficiency = "train_sufficiency"
	MetricTest             = "test_accuracy"
	MetricTestSufficiency  = "test_sufficiency"
	MetricSampled          = "test_accuracy_sampled"
	MetricLong             = "long_accuracy"
	MetricLongContext      = "long_context"
	MetricNoCarry          = "no_carry_accuracy"
	MetricWarmLoss         = "warm_loss"
	MetricLoss             = "supervised_loss"
	MetricParameters       = "parameters"
)

// metrics describes them; x is updates of reinforcement learning but for the warm start's loss.
func metrics() []lab.MetricSpec {
	m := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "updates", Better: better, Doc: doc}
	}
	return []lab.MetricSpec{
		m(MetricAccuracy, "share", "higher", "test questions of the training lengths answered rightly within the budget, most probable tokens"),
		m(MetricTest, "share", "higher", "the same on more questions, before and after learning"),
		m(MetricSampled, "share", "higher", "the same questions with drawn tokens, temperature 1, before and after learning"),
		m(MetricLong, "share", "higher", "long questions (knob rl.long_ops) answered rightly, before and after learning"),
		m(MetricNoCarry, "share", "higher", "the test questions when nothing is carried over a border, before and after learning"),
		m(MetricSufficiency, "share", "higher", "borders of chunks at which the carried text and the question name the step and every variable that is still needed"),
		m(MetricTestSufficiency, "share", "higher", "the same on the test questions, before and after learning"),
		m(MetricContext, "tokens", "lower", "mean over questions of the most tokens that the model had before it at once"),
		m(MetricLongContext, "tokens", "lower", "the same on long questions"),
		m(MetricMemory, "tokens", "", "mean number of tokens carried over a border; 0 where nothing is cut"),
		m(MetricTokens, "tokens", "", "mean number of tokens thought about a question"),
		m(MetricChunks, "chunks", "", "mean number of chunks used for a question"),
		m(MetricRestates, "lines", "", "mean number of lines that restate every variable"),
		m(MetricDistance, "tokens", "", "mean distance from a border back to the last restating line in the carried text"),
		m(MetricAnswered, "share", "higher", "test questions that got an answer, right or wrong, within the budget"),
		m(MetricReward, "share", "higher", "attempts of an update that were right: the mean reward"),
		m(MetricTrainSufficiency, "share", "higher", "sufficient borders among the attempts of an update"),
		m(MetricTrainTokens, "tokens", "", "mean number of tokens of the attempts of an update"),
		m(MetricFlat, "share", "lower", "groups of an update whose attempts all got the same reward: they teach nothing"),
		m(MetricGap, "nats", "lower", "largest distance between the log-probability of a token when it was drawn and when it was trained on"),
		m(MetricLoss, "nats", "lower", "mean loss of a trained token in an update of the supervised control"),
		{Name: MetricWarmLoss, Unit: "nats", XUnit: "supervised steps", Better: "lower", Doc: "mean loss of a trained token during the warm start"},
		m(MetricParameters, "numbers", "", "trained numbers of the model"),
	}
}
