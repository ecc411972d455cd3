package spatiallyawaretransformer

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "SAT",
		Title:   "Spatially-Aware Transformer for Embodied Agents",
		Source:  "arXiv 2402.15160, ICLR 2024, Cho et al.",
		Idea:    "Keep and read memories by the place where they were made, and learn which rule of forgetting suits the task.",
		Problem: "A memory ordered by time mixes frames of many places in one chunk, and first in, first out drops what is seldom seen, however important.",
		Mechanism: "Each step is stored with codes of its time and its place; one queue a place; the question chooses a few chunks and looks inside. Which visit goes when the " +
			"memory is full is chosen for each task by a small network that learns the reward of each rule.",
		Reported: "Variants that know the place are above time-only ones in prediction, generation, reasoning and RL; the learned rule is above fixed ones; no number was readable.",
		Pitfalls: []string{
			"The time code must be the true step, not the place in a queue, or the order inside a room is lost.",
			"Rooms are counted by their stored visits; a room without any takes no part.",
			"The reward of the rule depends on a reader that is still learning: explore until it works.",
			"A question that shows the room would make the task a look-up; it shows the dancer's look alone.",
		},
		Basis:    "Abstract, the published repository and four public reviews, read through our summary; the result tables were not readable.",
		Form:     "latent",
		Function: "experiential",
		Control:  "learned",
		Learns:   "encoder and reader by cross-entropy, the choice of rule by regression on the reward",
		World:    "Room Ballet, short stay and visits",
		Rung:     "1, this computer",
		Notebook: "spatially-aware-transformer.md",
		Deviation: []string{
			"D1: symbols in the place of images: look and move of the dancer, one-hot; the place is told by its code alone.",
			"D2: nine rooms, loops of 24 steps, 16 of them still, and walks of 144; six dances of 8 moves (four in the rooms, whose pairs have equal bags of moves) instead of eight of 16.",
			"D3: a step against a wall stays: else a room would be met at every second place of the loop only.",
			"D4: a room is asked about only when what was seen of its dancer fits one dance, and the question shows the look without the last move, which would tell the dance.",
			"D5: in the world of visits, itineraries are drawn until one room is visited most and LVFO keeps all its visits, so that each task has a rule that is right for certain.",
			"D6: one layer of width 64 and eight heads, chunks of 8 steps, two of them read; the question is one vector, so its self-attention is left out.",
			"D7: the time code has the loop of the dances and its fractions as its shortest wave lengths, the size of four pairs together, for all arms, so that few updates suffice to read the order.",
			"D8: all arms of the rooms keep 108 steps in chunks of at most 8: the last ones by time, or the last 12 of each of nine rooms.",
			"D9: epsilon falls to 0.2 over 60 % of a training of some thousand updates; an arm that takes any of the four rules by chance, and one that takes the designed one, are ours.",
			"D10: generation, the agent's own walk (RL) and the image tasks are left out.",
		},
		Metrics: Metrics(),
	}
}
