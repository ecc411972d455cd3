package memoryvla

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "MemoryVLA",
		Title:   "MemoryVLA: Perceptual-Cognitive Memory in Vision-Language-Action Models for Robotic Manipulation",
		Source:  "shihao1895/MemoryVLA (memory module and training script), Shi et al.",
		Idea:    "A small bank of tokens of past frames, read by attention and blended through a gate; when it is full, the two neighbours that are most alike become one.",
		Problem: "A pushed button looks like an unpushed one and a covered cube is invisible: the present frame does not tell what to do. Many frames are costly, and most of them say the same.",
		Mechanism: "Each frame gives perceptual tokens, one a cell, and one cognitive token. Both read a bank of at most L past frames by cross-attention with a time code, blend what they read " +
			"through a gate for each channel, and are stored. A bank that grows too long merges the adjacent pair with the highest cosine into its plain mean.",
		Reported: "Success in percent: 71.9 on SimplerEnv-Bridge (CogACT-Large 57.3); 41.2 on Mikasa-Robo (pi0 29.4, ShellGame 88 against 47). Ablations on Bridge: cognitive bank only 63.5, " +
			"perceptual only 64.6, sum instead of gate 67.7, first in first out 66.7, no time code 69.8.",
		Pitfalls: []string{
			"The mean of a merge is not weighted by frames: an entry that has swallowed ten frames counts as one.",
			"The two banks merge different pairs, so their time stamps soon differ.",
			"A bank that is not cleared at an episode's first frame leaks the last answer and makes gains that are not there.",
			"Where the bank is as long as the episode, no rule of eviction is ever asked: compare rules at a short bank.",
		},
		Basis:    "The memory module and training script of the authors' repository, and a third party's digest of the paper for its tables; not the paper itself.",
		Form:     "latent",
		Function: "working",
		Control:  "learned",
		Learns:   "encoder, reading, gate and action head, by imitation",
		World:    "Desk: shell game, remembered colour, buttons in order",
		Rung:     "1, this computer",
		Notebook: "memoryvla.md",
		Deviation: []string{
			"D1: an encoder of nine cells stands for vision backbone and squeeze, and a query of the instruction over the cells for the last state of the language model; the cognitive token is 32 wide, a perceptual one 16.",
			"D2: actions are regressed by squared error, not denoised; an action is displacement and press, a chunk has four, and the first is played before the next frame is seen.",
			"D3: a whole episode is one group: its bank is rebuilt from the first frame, where the paper takes groups of 16 frames.",
			"D4: raw tokens are stored, as the published code does by default; storing blended tokens is left out.",
			"D5: the units of the feed-forward parts are SiLU, not GELU.",
			"D6: demonstrations come from a script whose displacement is disturbed, with its undisturbed wish as the label, and every pass has its own; sizes, learning rate and number of demonstrations are ours.",
			"D7: each task has a network of its own; push-in-order has no delay, and the patches of the colour task have fixed places, so that memory is asked for and not comparison.",
			"D8: only frames at which the arm may act are imitated: before them actions play no part.",
			"D9: full scale needs robot data and a 7B model with an action head that no training service takes: there is no higher rung.",
		},
		Metrics: Metrics(),
	}
}
