package reme

import "github.com/loci-lab/loci/backend/lab"

// The metrics.
const (
	MetricSuccess     = "success"
	MetricPass        = "pass_any"
	MetricHeldOut     = "held_out"
	MetricPool        = "pool_success"
	MetricRecovery    = "recovery"
	MetricMemory      = "memory_size"
	MetricTokens      = "memory_tokens"
	MetricContext     = "context_size"
	MetricSteps       = "steps"
	MetricUnknown     = "not_understood"
	MetricRead        = "entries_read"
	MetricRetries     = "retries"
	MetricRescued     = "rescued"
	MetricDeleted     = "deleted"
	MetricUnjust      = "deleted_right"
	MetricDropped     = "dropped"
	MetricWrongRead   = "wrong_read"
	MetricWrongAlive  = "wrong_alive"
	MetricReadOrigin  = "read_"
	MetricAliveOrigin = "alive_"
	MetricRatioOrigin = "ratio_"
	MetricWarmLoss    = "warm_loss"
	MetricParameters  = "parameters"
)

// metrics describes them; x is tasks of the stream but for the warm start's loss. A point sums up the block of tasks that ends there.
func metrics() []lab.MetricSpec {
	m := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "tasks", Better: better, Doc: doc}
	}
	all := []lab.MetricSpec{
		m(MetricSuccess, "share", "higher", "attempts at the tasks of the block that succeeded (Avg@n over rl.attempts)"),
		m(MetricPass, "share", "higher", "tasks of the block of which at least one attempt succeeded (Pass@n)"),
		m(MetricHeldOut, "share", "higher", "tasks with goals that training never has together, done with the memory as it stands, which learns nothing from them"),
		m(MetricPool, "share", "higher", "attempts at the tasks of the initial pool that succeeded"),
		m(MetricRecovery, "tasks", "lower", "tasks after the drift until the mean of ten comes back to 0.9 of the mean of the thirty before it; one more than there are where it never does"),
		m(MetricMemory, "entries", "", "entries of all banks at the end of the block"),
		m(MetricTokens, "tokens", "lower", "tokens of all entries at the end of the block"),
		m(MetricContext, "tokens", "lower", "mean over attempts of the largest context that the actor had"),
		m(MetricSteps, "steps", "lower", "mean number of turns of an attempt"),
		m(MetricUnknown, "share", "lower", "answers of the actor that the world did not understand"),
		m(MetricRead, "entries", "", "mean number of entries read for a task"),
		m(MetricRetries, "retries", "lower", "mean number of retries of a task with a lesson from its failure"),
		m(MetricRescued, "share", "", "tasks that failed and were done in a retry"),
		m(MetricDeleted, "entries", "", "entries deleted in the block"),
		m(MetricUnjust, "entries", "lower", "entries deleted in the block although they were right"),
		m(MetricDropped, "share", "", "lessons that the validator dropped, among those that it saw"),
		m(MetricWrongRead, "share", "lower", "entries read for the tasks of the block that were wrong by then"),
		m(MetricWrongAlive, "share", "lower", "entries that are wrong at the end of the block"),
	}
	for _, o := range origins() {
		all = append(all, m(MetricReadOrigin+o, "share", "", "entries read that came from "+words(o)),
			m(MetricAliveOrigin+o, "entries", "", "entries at the end of the block that came from "+words(o)),
			m(MetricRatioOrigin+o, "share", "higher", "u/f, over all entries at the end of the block that came from "+words(o)))
	}
	return append(all,
		lab.MetricSpec{Name: MetricWarmLoss, Unit: "nats", XUnit: "supervised steps", Better: "lower", Doc: "mean loss of a trained token during the warm start of the actor"},
		m(MetricParameters, "numbers", "", "numbers of the actor, none of which changes during a run"))
}

// words name a role.
func words(origin string) string {
	switch origin {
	case fromSuccess:
		return "successes"
	case fromFailure:
		return "failures"
	case fromComparison:
		return "comparisons"
	}
	return "reflections"
}
