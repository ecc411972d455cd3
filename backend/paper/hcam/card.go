package hcam

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "HCAM",
		Title:   "Towards mental time travel: a hierarchical memory for reinforcement learning agents",
		Source:  "arXiv 2105.14039, NeurIPS 2021, Lampinen et al.",
		Idea:    "First choose which event to go back to, then look inside it: attention in two stages reaches far for little.",
		Problem: "A recurrent memory loses events behind delays, a window drops them, and attention over everything compares each step with all others.",
		Mechanism: "Steps are stored in chunks of C, each with the mean of its steps as key. A query chooses the k most relevant chunks, attends in detail inside " +
			"each, and adds up what it found, weighted by relevance.",
		Reported: "HCAM is substantially above LSTM, TrXL and others on ballets, object permanence, one-shot navigation and rapid word learning, and " +
			"extrapolates to longer sequences; no number was readable.",
		Pitfalls: []string{
			"The softmax runs over the k chosen chunks alone: over all of them, with the rest dropped, weights sum to less than one.",
			"What is stored must depend on one step alone, or a pooled key already carries the order and the summary is no longer blind.",
			"With gradients stopped and no reconstruction the encoder never learns to write the move: that arm fails for its own reason.",
			"The chunk that is still filling must be reached by local attention, or the last event is invisible.",
		},
		Basis:    "Abstract, figure captions, the published attention module and environment, read through our summary; loss weights and sizes could not be verified.",
		Form:     "latent",
		Function: "experiential",
		Control:  "learned",
		Learns:   "encoder, attention and policy, by REINFORCE and reconstruction",
		World:    "Ballet-lite",
		Rung:     "1, this computer",
		Notebook: "hcam.md",
		Deviation: []string{
			"D1: symbols in the place of pixels: look, place and move of the dancer in sight; at the question the places of all dancers are shown, as they stand there in the original.",
			"D2: the answer is one of the eight compass places instead of a walk to it, so an episode has one decision.",
			"D3: dances of 8 moves; the plus and times pairs are the first halves of the published ones, a ring through all eight directions takes the place of the circle pair, which would not be balanced. 16 moves are a knob.",
			"D4: REINFORCE with a learned baseline in the place of a distributed actor-critic; reconstruction is of the move alone.",
			"D5: what is stored is the encoding of single steps, shared by all layers; the published module leaves this open.",
			"D6: gradients go into what is stored, unless a knob stops them as the published module does.",
			"D7: one layer of width 64 instead of four layers; four of five updates are warm-up, by turns two dancers of a mirror pair and four dancers with a delay of 4.",
			"D8: chunks of 12 steps by default, half of a dance with its delay of 16, so that two of them are less than half of what flat attention compares.",
			"D9: the window arm reads the last steps of the same store, as many as the hierarchical one compares, so that nothing else differs; it is not a gated transformer-XL.",
			"D10: relevance and inner attention take the queries into the space of the store instead of projecting every stored step, which gives the same numbers.",
		},
		Metrics: Metrics(),
	}
}
