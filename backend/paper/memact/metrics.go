package memact

import "github.com/loci-lab/loci/backend/lab"

// The metrics.
const (
	MetricSuccess  = "success"
	MetricRight    = "right"
	MetricTokens   = "tokens_per_call"
	MetricContext  = "context_size"
	MetricMemory   = "memory_size"
	MetricPrunes   = "prunes"
	MetricSearches = "searches"
	MetricOverflow = "overflow"
	MetricFaults   = "faults"
	MetricEarly    = "unsearched"

	MetricSuccessBy  = "success_by_questions"
	MetricSampledBy  = "sampled_by_questions"
	MetricRightBy    = "right_by_questions"
	MetricTokensBy   = "tokens_by_questions"
	MetricContextBy  = "context_by_questions"
	MetricPrunesBy   = "prunes_by_questions"
	MetricMemoryBy   = "memory_by_questions"
	MetricSearchesBy = "searches_by_questions"
	MetricOverflowBy = "overflow_by_questions"

	MetricTrainSuccess = "train_success"
	MetricReward       = "reward"
	MetricFound        = "found"
	MetricFlat         = "flat_groups"
	MetricPieces       = "segments"
	MetricDrawn        = "segments_drawn"
	MetricFewest       = "segments_fewest"
	MetricMost         = "segments_most"
	MetricBias         = "length_bias"
	MetricOffset       = "advantage_offset"
	MetricTrainTokens  = "train_tokens"
	MetricGap          = "logprob_gap"
	MetricDistance     = "logprob_distance"
	MetricLoss         = "supervised_loss"
	MetricWarmLoss     = "warm_loss"
	MetricParameters   = "parameters"
)

// metrics describes them.
func metrics() []lab.MetricSpec {
	m := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "updates", Better: better, Doc: doc}
	}
	by := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "questions", Better: better, Doc: doc}
	}
	return []lab.MetricSpec{
		m(MetricSuccess, "share", "higher", "test episodes of the training numbers of questions in which every question is answered rightly; most probable tokens"),
		m(MetricRight, "share", "higher", "questions of these episodes that are answered rightly"),
		m(MetricTokens, "tokens", "lower", "mean length of the context that a call of the model is given"),
		m(MetricContext, "tokens", "lower", "mean over episodes of the longest context"),
		m(MetricMemory, "tokens", "", "mean length of the memory texts that stand in the context at the end of an episode"),
		m(MetricPrunes, "actions", "", "memory actions of an episode"),
		m(MetricSearches, "actions", "", "searches of an episode"),
		m(MetricOverflow, "share", "lower", "episodes that end because the context is longer than the limit"),
		m(MetricFaults, "share", "lower", "calls that fail: no such tool, nothing that can be searched for, a memory action that removes nothing"),
		m(MetricEarly, "share", "lower", "questions that were never searched for in episodes that end with an answer: giving up"),
		by(MetricSuccessBy, "share", "higher", "test episodes of so many questions in which every question is answered rightly, at the end of the run; most probable tokens"),
		by(MetricSampledBy, "share", "higher", "the same with drawn tokens, temperature 1"),
		by(MetricRightBy, "share", "higher", "questions of the test episodes that are answered rightly"),
		by(MetricTokensBy, "tokens", "lower", "mean length of the context that a call of the model is given"),
		by(MetricContextBy, "tokens", "lower", "mean over test episodes of the longest context"),
		by(MetricPrunesBy, "actions", "", "memory actions of a test episode"),
		by(MetricMemoryBy, "tokens", "", "mean length of the memory texts that stand in the context at the end"),
		by(MetricSearchesBy, "actions", "", "searches of a test episode"),
		by(MetricOverflowBy, "share", "lower", "test episodes that end because the context is longer than the limit"),
		m(MetricTrainSuccess, "share", "higher", "attempts of an update in which every question is answered rightly"),
		m(MetricReward, "reward", "higher", "mean reward of an attempt: 1 for success, 0 for a wrong answer, less the penalty for an overflow or an answer that cannot be read"),
		m(MetricFound, "share", "higher", "groups of an update with at least one success: learning cannot find what is never sampled"),
		m(MetricFlat, "share", "lower", "groups of an update whose attempts all got the same reward: they teach nothing"),
		m(MetricPieces, "segments", "", "segments of an attempt: one more than its edits"),
		m(MetricDrawn, "segments", "", "segments of an update that are trained"),
		m(MetricFewest, "segments", "", "fewest segments that an attempt of a group that teaches gave to training"),
		m(MetricMost, "segments", "", "most segments that an attempt of a group that teaches gave to training"),
		m(MetricBias, "correlation", "", "correlation over attempts of advantage and number of segments"),
		m(MetricOffset, "advantage", "", "mean advantage of the attempts of an update, each counted once"),
		m(MetricTrainTokens, "tokens", "", "mean number of tokens that an attempt of an update wrote"),
		m(MetricGap, "nats", "lower", "largest distance between the log-probability of a token when it was drawn and when it was trained on"),
		m(MetricDistance, "nats", "lower", "mean of this distance over the trained tokens of an update"),
		m(MetricLoss, "nats", "lower", "mean loss of a trained token in an update of the supervised control"),
		{Name: MetricWarmLoss, Unit: "nats", XUnit: "supervised steps", Better: "lower", Doc: "mean loss of a trained token during the warm start"},
		m(MetricParameters, "numbers", "", "trained numbers of the model"),
	}
}
