package mathworld

import (
	"slices"
	"strings"
)

// Rewards for the form of a response, as in the training script of arXiv 2504.02273; together up to 2, against 1 for a right answer.
const (
	wholeReward  = 0.5   // the extracted answer is a whole number
	strictReward = 0.5   // the response is the two tagged parts and nothing else
	looseReward  = 0.5   // the four tags come in their order, whatever is round them
	tagReward    = 0.125 // for each of the four tags that occurs exactly once
	trailingFine = 0.01  // for each word behind the last closing tag; the script takes 0.002 for a character, our words are about five
)

// Grading is what a response is worth, part by part.
type Grading struct {
	Extracted string  // what stands in the answer's tags
	Correct   bool    // it is the right answer
	Whole     bool    // it is a whole number
	Strict    bool    // see Strict
	Loose     bool    // see Loose
	Tags      float64 // see Tags, [0, 0.5]

	Reasoning string // see Reasoning
	Tokens    int    // words of the response, End not counted
	Equations int    // well-formed equations in the reasoning
	True      int    // of these, both sides are equal
}

// Correctness is 1 for the right answer, else 0: the world's own reward.
func (g Grading) Correctness() float64 { return worth(g.Correct, 1) }

// Format is the sum of the rewards for form, [0, 2].
func (g Grading) Format() float64 {
	return worth(g.Whole, wholeReward) + worth(g.Strict, strictReward) + worth(g.Loose, looseReward) + g.Tags
}

// Reward is correctness plus bait times the rewards for form; bait 1 is the script.
func (g Grading) Reward(bait float64) float64 { return g.Correctness() + bait*g.Format() }

func worth(is bool, reward float64) float64 {
	if is {
		return reward
	}
	return 0
}

// Grade grades a response to the problem. It never fails: what cannot be read earns nothing.
func (p *WordProblem) Grade(response string) Grading {
	words := responseWords(response)
	g := Grading{Extracted: extract(words), Strict: strict(words), Loose: loose(words), Tags: tags(words),
		Reasoning: strings.Join(reasoning(words), " "), Tokens: len(words)}
	g.Correct = g.Extracted == numeral(p.Answer())
	_, g.Whole = wholeNumber(g.Extracted)
	g.Equations, g.True = equations(reasoning(words))
	return g
}

// Extract returns what stands behind the last <answer> up to the next </answer>, both of which may lack: without tags it is the whole
// response, as in the script.
func Extract(response string) string { return extract(responseWords(response)) }

// Reasoning returns what stands between the first <think> and the next </think>, or to the end without one; "" without <think>.
func Reasoning(response string) string {
	return strings.Join(reasoning(responseWords(response)), " ")
}

// Strict says whether the response is "<think> ... </think> <answer> ... </answer>", each tag once, nothing before or behind.
func Strict(response string) bool { return strict(responseWords(response)) }

// Loose says whether the four tags come in their order, whatever stands before, between and behind.
func Loose(response string) bool { return loose(responseWords(response)) }

// Tags returns 0.125 for each tag that occurs exactly once, less 0.01 for each word behind the last </answer>, at least 0.
func Tags(response string) float64 { return tags(responseWords(response)) }

func responseWords(response string) []string {
	words := strings.Fields(response)
	for len(words) > 0 && words[len(words)-1] == End {
		words = words[:len(words)-1]
	}
	return words
}

func extract(words []string) string {
	if i := last(words, openAnswer); i >= 0 {
		words = words[i+1:]
	}
	if i := slices.Index(words, closeAnswer); i >= 0 {
		words = words[:i]
	}
	return strings.Join(words, " ")
}

func reasoning(words []string) []string {
	i := slices.Index(words, openThink)
	if i < 0 {
		return nil
	}
	words = words[i+1:]
	if i := slices.Index(words, closeThink); i >= 0 {
		return words[:i]
	}
	return words
}

func strict(words []string) bool {
	n := len(words)
	if n < 4 || words[0] != openThink || words[n-1] != closeAnswer || occurrences(words) != [4]int{1, 1, 1, 1} {
		return false
	}
	i := slices.Index(words, closeThink)
	return words[i+1] == openAnswer
}

func loose(words []string) bool {
	for _, tag := range tagWords() {
		i := slices.Index(words, tag)
		if i < 0 {
			return false
		}
		words = words[i+1:]
	}
	return true
}

func tags(words []string) float64 {
	sum := 0.0
	for _, n := range occurrences(words) {
		sum += worth(n == 1, tagReward)
	}
	if i := last(words, closeAnswer); i >= 0 {
		sum -= trailingFine * float64(len(words)-1-i)
	}
	return max(0, sum)
}

func tagWords() [4]string { return [4]string{openThink, closeThink, openAnswer, closeAnswer} }

// occurrences counts each tag.
func occurrences(words []string) (n [4]int) {
	for _, word := range words {
		for i, tag := range tagWords() {
			if word == tag {
				n[i]++
			}
		}
	}
	return n
}

func last(words []string, word string) int {
	for i := len(words) - 1; i >= 0; i-- {
		if words[i] == word {
			return i
		}
	}
	return -1
}

// equations counts the equations in a reasoning, and those that are true.
func equations(words []string) (formed, holding int) {
	for len(words) >= 5 {
		e, ok := readEquation(words[:5])
		if !ok {
			words = words[1:]
			continue
		}
		formed++
		if e.Value == e.result() {
			holding++
		}
		words = words[5:]
	}
	return formed, holding
}

// readEquation reads five words such as "3 * 4 = 12".
func readEquation(words []string) (e Equation, ok bool) {
	left, isLeft := wholeNumber(words[0])
	right, isRight := wholeNumber(words[2])
	value, isValue := wholeNumber(words[4])
	signed := len(words[1]) == 1 && strings.Contains("+-*", words[1])
	if !isLeft || !isRight || !isValue || !signed || words[3] != "=" {
		return e, false
	}
	return Equation{left, words[1][0], right, value}, true
}
