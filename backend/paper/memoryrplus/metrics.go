package memoryrplus

import "github.com/loci-lab/loci/backend/lab"

// The metrics.
const (
	MetricAccuracy   = "accuracy"
	MetricTest       = "test_accuracy"
	MetricSampled    = "test_accuracy_sampled"
	MetricHeldOut    = "held_out_accuracy"
	MetricFormat     = "format"
	MetricLength     = "length"
	MetricDiversity  = "diversity"
	MetricMemory     = "memory_size"
	MetricContext    = "context_size"
	MetricCorrect    = "train_accuracy"
	MetricTrainForm  = "train_format"
	MetricExploit    = "exploit"
	MetricExplore    = "explore"
	MetricShape      = "length_reward"
	MetricReward     = "reward"
	MetricFlat       = "flat_groups"
	MetricHopeless   = "hopeless_groups"
	MetricTrainLen   = "train_length"
	MetricGap        = "logprob_gap"
	MetricCollapsed  = "collapsed"
	MetricWarmLoss   = "warm_loss"
	MetricLoss       = "supervised_loss"
	MetricParameters = "parameters"
)

// metrics describes them; x is updates of reinforcement learning but for the warm start's loss.
func metrics() []lab.MetricSpec {
	m := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "updates", Better: better, Doc: doc}
	}
	return []lab.MetricSpec{
		m(MetricAccuracy, "share", "higher", "test questions answered rightly, most probable tokens"),
		m(MetricTest, "share", "higher", "the same on more questions, these among them, before and after learning"),
		m(MetricSampled, "share", "higher", "a quarter of these, three responses each drawn at temperature 1, before and after learning"),
		m(MetricHeldOut, "share", "higher", "questions of families that training never shows, before and after learning"),
		m(MetricFormat, "reward", "", "mean reward for format on the test questions, at most 2; most probable tokens"),
		m(MetricLength, "tokens", "", "mean length of a response to the test questions, most probable tokens"),
		m(MetricDiversity, "distance", "higher", "1 less the mean cosine between the hashed embeddings of three responses to a test question, drawn at temperature 1, before and after learning"),
		m(MetricMemory, "responses", "", "responses in both stores"),
		m(MetricContext, "tokens", "", "mean number of tokens of question and response"),
		m(MetricCorrect, "share", "higher", "responses of an update that were right"),
		m(MetricTrainForm, "reward", "", "mean reward for format of the responses of an update, before the bait's scale"),
		m(MetricExploit, "reward", "", "mean reward for closeness to stored successes in an update"),
		m(MetricExplore, "reward", "", "mean reward for novelty against stored failures in an update"),
		m(MetricShape, "reward", "", "mean reward shaped by length in an update"),
		m(MetricReward, "reward", "higher", "mean total reward of an update"),
		m(MetricFlat, "share", "lower", "groups of an update whose rewards without format are all the same: without the bait they would teach nothing"),
		m(MetricHopeless, "share", "lower", "groups of an update without any right response"),
		m(MetricTrainLen, "tokens", "", "mean length of the responses of an update"),
		m(MetricGap, "nats", "lower", "largest distance between the log-probability of a token when it was drawn and when it was trained on"),
		m(MetricCollapsed, "0 or 1", "lower", "1 where the test finds responses below half of their first length or above 95 % of the limit, or fewer right answers than before learning and more reward for format"),
		m(MetricLoss, "nats", "lower", "mean loss of a trained token in an update of the supervised control"),
		{Name: MetricWarmLoss, Unit: "nats", XUnit: "supervised steps", Better: "lower", Doc: "mean loss of a trained token during the warm start"},
		m(MetricParameters, "numbers", "", "trained numbers of the model"),
	}
}
