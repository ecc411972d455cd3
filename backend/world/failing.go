package world

import "context"

// Failing is a dialogue that something outside of Loci plays, which may die, hang or lie. Such a dialogue ends by an Outcome that is Done
// and pays nothing; Err then says why. Whoever plays dialogues asks for it behind every Act: the episode is to be scored as nothing at all.
type Failing interface {
	Dialogue
	Err() error
}

// Fault returns why a dialogue failed; nil for one that did not or cannot.
func Fault(d Dialogue) error {
	if f, ok := d.(Failing); ok {
		return f.Err()
	}
	return nil
}

// Waiting is a text world whose dialogues wait for something outside of Loci, which ctx ends at any moment.
type Waiting interface {
	Text
	// Begin is Start for a dialogue that lives no longer than ctx.
	Begin(ctx context.Context, split string, seed uint64) (Dialogue, error)
}

// Begin starts an episode; one that has to wait waits no longer than ctx.
func Begin(ctx context.Context, w Text, split string, seed uint64) (Dialogue, error) {
	if waiting, ok := w.(Waiting); ok {
		return waiting.Begin(ctx, split, seed)
	}
	return w.Start(split, seed)
}
