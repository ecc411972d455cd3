package srl

import "github.com/loci-lab/loci/backend/lab"

// Card is what the Library shows of this paper.
func Card() lab.Card {
	return lab.Card{
		Slug:    Slug,
		Short:   "SRL",
		Title:   "Overcoming Slow Decision Frequencies in Continuous Control: Model-Based Sequence Reinforcement Learning for Model-Free Control",
		Source:  "arXiv 2410.08979, ICLR 2025, Patel and Siegelmann",
		Idea:    "Look seldom, act often: plan a sequence of different actions from one observation, and learn it with a critic that is told by a model what happened in between.",
		Problem: "Usual agents decide at every step, thousands of times faster than brains do. Deciding seldom and holding the action fails wherever timing matters.",
		Mechanism: "A recurrent actor emits J actions from one observation and plays them blindly. While it learns, a model recalls the states in between, so that a critic of single steps values every action of the sequence. " +
			"After training the model is dropped.",
		Reported: "FAS of SAC trained with action repeat 1, 2, 4, 8, 16 on Pendulum: 0.442, 0.424, 0.498, 0.490, 0.326 (authors' repository, 5 seeds). SRL is significantly above SAC in FAS (abstract); its own table was not readable.",
		Pitfalls: []string{
			"FAS divides by 30 although L runs from 1 to 30: copy the convention, or numbers do not compare.",
			"SAC that was trained without repeat is a weak baseline where actions are held: always show the one that was trained with it.",
			"Keep single steps, not sequences, and go on expecting at the time limit.",
			"A sequence that meets the end of its episode is dropped there.",
			"The recurrent actor reads the action that is played, not the mean: else it plans for another past.",
			"The model's errors add up along a sequence: look at the last step, not the first.",
		},
		Basis:    "Abstract, figure captions, four public reviews that describe the algorithm, and the repository (settings of SAC, code and values of FAS). The actor's loss is rebuilt from those.",
		Form:     "latent",
		Function: "working",
		Control:  "learned",
		Learns:   "twin critics (SAC), a one-step model (regression), a recurrent actor that emits sequences (policy gradient through the critics)",
		World:    "pendulum, cart-pole with continuous force",
		Rung:     "1, this computer",
		Minutes:  0,
		Notebook: "srl.md",
		Deviation: []string{
			"D1: the actor's loss is rebuilt from reviews and captions; gradients stop at the recalled states unless agent.through says otherwise.",
			"D2: networks of 64 units and 8,000 steps instead of 256 and 30,000 and more; batch 64; the actor learns at every second update of the critics.",
			"D3: plain SAC has the same recurrent actor, asked for one action, so that the arms differ in the signal of later actions alone.",
			"D4: SAC with repeated actions learns from the joined steps of a held action, with as many updates as there are environment steps, like every arm.",
			"D5: without recall, the first action is valued and the others are pulled to it by a squared error.",
			"D6: the critic of whole sequences learns from any J steps in a row; beyond the end of a task its actions are zero.",
			"D7: one entropy weight for all places of a sequence, tuned for the mean entropy.",
			"D8: in cartpole-c the force is continuous, FAS needs no shift, and its best return is the horizon.",
			"D9: tests play the mean of the policy, 10 episodes at each number of steps for a decision, the same episodes for every arm of a seed.",
		},
		Metrics: Metrics(),
	}
}
