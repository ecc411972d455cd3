package mem1

import "github.com/loci-lab/loci/backend/lab"

// The metrics.
const (
	MetricScore       = "score"
	MetricSuccess     = "success"
	MetricContext     = "context_size"
	MetricMemory      = "memory_size"
	MetricKept        = "answers_kept"
	MetricAnswered    = "answered"
	MetricTurns       = "turns"
	MetricTest        = "test_score"
	MetricSampled     = "test_score_sampled"
	MetricPeak        = "test_peak"
	MetricPairs       = "test_pairs"
	MetricState       = "test_state"
	MetricTestKept    = "test_kept"
	MetricSurvival    = "survival"
	MetricTrain       = "train_score"
	MetricReward      = "train_reward"
	MetricTrainKept   = "train_kept"
	MetricTrainTokens = "train_tokens"
	MetricUnknown     = "train_unknown"
	MetricFlat        = "flat_groups"
	MetricProbe       = "groups_with_success"
	MetricGap         = "logprob_gap"
	MetricRatio       = "log_ratio"
	MetricLoss        = "supervised_loss"
	MetricWarmLoss    = "warm_loss"
	MetricParameters  = "parameters"
)

// metrics describes them. x is updates, but for the tests at the end, where it is the number of questions of an episode.
func metrics() []lab.MetricSpec {
	over := func(x, name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: x, Better: better, Doc: doc}
	}
	m := func(name, unit, better, doc string) lab.MetricSpec { return over("updates", name, unit, better, doc) }
	n := func(name, unit, better, doc string) lab.MetricSpec { return over("questions", name, unit, better, doc) }
	return []lab.MetricSpec{
		m(MetricScore, "share", "higher", "questions of held-out episodes answered rightly, as many in an episode as in training, most probable tokens"),
		m(MetricSuccess, "share", "higher", "those episodes with every question answered rightly"),
		m(MetricContext, "tokens", "lower", "mean over those episodes of the most tokens that the model had before it at once"),
		m(MetricMemory, "tokens", "", "mean length of the last state of those episodes; of a yardstick, of all that it keeps"),
		m(MetricKept, "share", "higher", "answers that a search had told and that stood in the last state"),
		m(MetricAnswered, "share", "higher", "questions that got an answer, right or wrong"),
		m(MetricTurns, "turns", "", "mean number of turns of those episodes"),
		n(MetricTest, "share", "higher", "questions answered rightly after learning in held-out episodes of x questions, most probable tokens"),
		n(MetricSampled, "share", "higher", "the same, tokens drawn at temperature 1"),
		n(MetricPeak, "tokens", "lower", "mean over the episodes of that test of the most tokens that the model had before it at once"),
		n(MetricPairs, "pairs", "lower", "mean over its episodes of the work of attention: the sum over turns of prompt times written tokens plus half the square of the written"),
		n(MetricState, "tokens", "", "mean length of the last state of its episodes"),
		n(MetricTestKept, "share", "higher", "answers that a search had told and that stood in the last state of its episodes"),
		over("turns", MetricSurvival, "share", "higher", "answers that stand in the state x turns after the turn that first saw them, in episodes of 8 questions"),
		m(MetricTrain, "share", "higher", "questions of the attempts of an update answered rightly"),
		m(MetricReward, "answers", "higher", "mean reward of the attempts of an update: right answers, which can exceed 1"),
		m(MetricTrainKept, "share", "higher", "answers that a search had told and that stood in the last state of the attempts of an update"),
		m(MetricTrainTokens, "tokens", "", "mean number of tokens that an attempt of an update wrote"),
		m(MetricUnknown, "share", "lower", "turns of an update whose answer was neither a search nor answers"),
		m(MetricFlat, "share", "lower", "groups of an update whose attempts all got the same reward: they teach nothing"),
		m(MetricProbe, "share", "higher", "groups of an update with at least one attempt that answered every question: what is never drawn cannot be reinforced"),
		m(MetricGap, "nats", "lower", "largest distance between the log-probability of a trained token when it was drawn and when it was trained on"),
		m(MetricRatio, "nats", "lower", "mean of that distance over the trained tokens of the first step of an update"),
		m(MetricLoss, "nats", "lower", "mean loss of a trained token in an update of the supervised control"),
		over("supervised steps", MetricWarmLoss, "nats", "lower", "mean loss of a trained token during the warm start"),
		m(MetricParameters, "numbers", "", "trained numbers of the model"),
	}
}
