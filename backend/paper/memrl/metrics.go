package memrl

import "github.com/loci-lab/loci/backend/lab"

// The metrics.
const (
	MetricSuccess    = "success"
	MetricHeldOut    = "held_out"
	MetricCSR        = "csr"
	MetricForgetting = "forgetting"
	MetricQCorr      = "q_corr"
	MetricQSpread    = "q_gap"
	MetricMemory     = "memory_size"
	MetricTokens     = "memory_tokens"
	MetricContext    = "context_size"
	MetricRead       = "entries_read"
	MetricEmpty      = "read_nothing"
	MetricSteps      = "steps"
	MetricUnknown    = "not_understood"
	MetricWarmLoss   = "warm_loss"
	MetricParameters = "parameters"
	MetricReadStyle  = "read_"
	MetricWroteStyle = "wrote_"
)

// metrics describes them; x is epochs but for the warm start's loss.
func metrics() []lab.MetricSpec {
	m := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "epochs", Better: better, Doc: doc}
	}
	return []lab.MetricSpec{
		m(MetricSuccess, "share", "higher", "training tasks that were done in this epoch"),
		m(MetricHeldOut, "share", "higher", "held-out tasks that are done with the memory as it stands, which learns nothing from them; most probable actions"),
		m(MetricCSR, "share", "higher", "training tasks that were done in at least one epoch so far (cumulative success rate)"),
		m(MetricForgetting, "share", "lower", "training tasks that were done in the epoch before and failed in this one"),
		m(MetricQCorr, "correlation", "higher", "rank correlation between the value of an entry before it was read and the success of the episode that read it"),
		m(MetricQSpread, "value", "higher", "mean value before reading, of entries read for tasks that succeeded, less that of those that failed"),
		m(MetricMemory, "entries", "", "entries of all banks at the end of the epoch"),
		m(MetricTokens, "tokens", "lower", "tokens of all entries at the end of the epoch"),
		m(MetricContext, "tokens", "lower", "mean over episodes of the largest context that the reader had"),
		m(MetricRead, "entries", "", "mean number of entries read for a task"),
		m(MetricEmpty, "share", "", "tasks for which nothing was read"),
		m(MetricSteps, "steps", "lower", "mean number of turns of an episode"),
		m(MetricUnknown, "share", "lower", "answers of the reader that the house did not understand"),
		m(MetricReadStyle+schemaStyle, "share", "", "entries read that are schemas"),
		m(MetricReadStyle+literalStyle, "share", "", "entries read that are literal scripts"),
		m(MetricReadStyle+truncatedStyle, "share", "", "entries read that are truncated scripts"),
		m(MetricReadStyle+failedStyle, "share", "", "entries read that are reflections of failures"),
		m(MetricReadStyle+rawStyle, "share", "", "entries read that are whole courses of episodes"),
		m(MetricWroteStyle+schemaStyle, "share", "", "episodes that left a schema"),
		m(MetricWroteStyle+literalStyle, "share", "", "episodes that left a literal script"),
		m(MetricWroteStyle+truncatedStyle, "share", "", "episodes that left a truncated script"),
		m(MetricWroteStyle+failedStyle, "share", "", "episodes that left a reflection"),
		m(MetricWroteStyle+rawStyle, "share", "", "episodes that left their whole course"),
		{Name: MetricWarmLoss, Unit: "nats", XUnit: "supervised steps", Better: "lower", Doc: "mean loss of a trained token during the warm start of the reader"},
		m(MetricParameters, "numbers", "", "numbers of the reader, none of which changes during a run"),
	}
}
