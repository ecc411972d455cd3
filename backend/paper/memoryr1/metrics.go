package memoryr1

import "github.com/loci-lab/loci/backend/lab"

// The metrics.
const (
	MetricEM         = "em"
	MetricEMSingle   = "em_single"
	MetricEMList     = "em_list"
	MetricSampled    = "em_sampled"
	MetricSampledLst = "em_list_sampled"
	MetricAnswer     = "answer_em"
	MetricAnswerOne  = "answer_em_single"
	MetricAnswerList = "answer_em_list"
	MetricAnswerDraw = "answer_em_sampled"
	MetricAnswer4    = "answer_em_k4"
	MetricAnswer8    = "answer_em_k8"
	MetricAnswer12   = "answer_em_k12"
	MetricPrecision  = "select_precision"
	MetricRecall     = "select_recall"
	MetricBank       = "bank_size"
	MetricContext    = "context_size"
	MetricFaults     = "faults"
	MetricMerge      = "merge_rate"
	MetricMergeGroup = "merge_groups"
	MetricReward     = "reward"
	MetricFlat       = "flat_groups"
	MetricGap        = "logprob_gap"
	MetricAnsReward  = "answer_reward"
	MetricAnswerFlat = "answer_flat_groups"
	MetricAnswerGap  = "answer_logprob_gap"
	MetricValueError = "value_error"
	MetricLoss       = "supervised_loss"
	MetricWarmLoss   = "warm_loss"
	MetricParameters = "parameters"
)

// share names the metric of an operation's share among the decisions on one kind of turn.
func share(kind, shape string) string { return shareNames()[shape] + "_on_" + kind }

// shareNames are the operations in words that a claim can name.
func shareNames() map[string]string {
	return map[string]string{Add: "add", Update: "update", Delete: "delete", Noop: "noop", Delete + "+" + Add: "delete_add"}
}

// shares lists the operations, in the order of a histogram.
func shares() []string { return []string{Add, Update, Delete + "+" + Add, Delete, Noop} }

// sharedKinds are the kinds of turns whose operations are counted, with what they are called.
func sharedKinds() [][2]string {
	return [][2]string{{"new", "tell a new fact"}, {"add", "add to a list"}, {"change", "change a value"}, {"paraphrase", "tell a known fact again"}, {"remove", "take a value out of a list"}}
}

// metrics describes them; x is updates, those of the manager first, but for the warm start's loss.
func metrics() []lab.MetricSpec {
	m := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "updates", Better: better, Doc: doc}
	}
	all := []lab.MetricSpec{
		m(MetricEM, "share", "higher", "test questions that the rule reader answers rightly out of the bank, the manager deciding by its most probable tokens"),
		m(MetricEMSingle, "share", "higher", "the same, questions for a single value"),
		m(MetricEMList, "share", "higher", "the same, questions for all values of a list"),
		m(MetricSampled, "share", "higher", "the same as em, the manager's decisions drawn at temperature 1"),
		m(MetricSampledLst, "share", "higher", "the same as em_list, the manager's decisions drawn at temperature 1"),
		m(MetricAnswer, "share", "higher", "test questions that the answer agent answers rightly by its most probable tokens, out of K entries"),
		m(MetricAnswerOne, "share", "higher", "the same, questions for a single value"),
		m(MetricAnswerList, "share", "higher", "the same, questions for all values of a list"),
		m(MetricAnswerDraw, "share", "higher", "the same as answer_em, answers drawn at temperature 1"),
		m(MetricAnswer4, "share", "higher", "the same as answer_em, with 4 entries shown"),
		m(MetricAnswer8, "share", "higher", "the same as answer_em, with 8 entries shown"),
		m(MetricAnswer12, "share", "higher", "the same as answer_em, with 12 entries shown"),
		m(MetricPrecision, "share", "higher", "entries selected by the answer agent that are about the thing asked"),
		m(MetricRecall, "share", "higher", "entries shown about the thing asked that the answer agent selected"),
		m(MetricBank, "entries", "", "mean size of a bank at the end of a conversation"),
		m(MetricContext, "tokens", "", "mean number of tokens of the answer agent's prompt and answer"),
		m(MetricFaults, "share", "lower", "decisions with a part that cannot be understood"),
		m(MetricMerge, "share", "higher", "decisions drawn before learning, on additions in the oracle's banks, that merge exactly as the oracle does"),
		m(MetricMergeGroup, "share", "higher", "groups of 8 such decisions with at least one exact merge: what is never drawn cannot be learned"),
		m(MetricReward, "reward", "higher", "mean reward of the manager's decisions in an update"),
		m(MetricFlat, "share", "lower", "groups of decisions whose rewards are all the same: they teach nothing"),
		m(MetricGap, "nats", "lower", "largest distance between the log-probability of a manager's token when it was drawn and when it was trained on"),
		m(MetricAnsReward, "reward", "higher", "mean reward of the answer agent's answers in an update"),
		m(MetricAnswerFlat, "share", "lower", "groups of answers whose rewards are all the same"),
		m(MetricAnswerGap, "nats", "lower", "the same distance for the answer agent's tokens"),
		m(MetricValueError, "reward squared", "lower", "mean square error of the critic's values"),
		m(MetricLoss, "nats", "lower", "mean loss of a trained token in an update of the supervised control"),
		{Name: MetricWarmLoss, Unit: "nats", XUnit: "supervised steps", Better: "lower", Doc: "mean loss of a trained token during the warm start"},
		m(MetricParameters, "numbers", "", "trained numbers of one copy of the model"),
	}
	for _, kind := range sharedKinds() {
		for _, shape := range shares() {
			all = append(all, m(share(kind[0], shape), "share", "", "decisions on turns that "+kind[1]+" that are "+shape))
		}
	}
	return all
}
