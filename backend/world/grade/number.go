package grade

import (
	"math/big"
	"regexp"
	"strings"
)

// Mark stands before the number that ends an answer of GSM8K.
const Mark = "####"

// numeral is a number as people write it, with commas between thousands.
var numeral = regexp.MustCompile(`-?\d[\d,]*(?:\.\d+)?|-?\.\d+`)

// mostDigits bounds a numeral: longer ones are no answers, and would be worked on for long.
const mostDigits = 60

// Number is the number that an answer ends in: the last one behind Mark where there is a Mark, else the last one at all. It is written
// without commas, sign of plus and needless noughts, so that equal numbers are equal texts. ok is false where there is none.
func Number(answer string) (number string, ok bool) {
	if i := strings.LastIndex(answer, Mark); i >= 0 {
		answer = answer[i+len(Mark):]
	}
	all := numeral.FindAllString(answer, -1)
	if len(all) == 0 {
		return "", false
	}
	text := strings.ReplaceAll(all[len(all)-1], ",", "")
	value, ok := new(big.Rat).SetString(text)
	if !ok || len(text) > mostDigits {
		return "", false
	}
	_, point, _ := strings.Cut(text, ".")
	number = value.FloatString(len(point))
	if strings.Contains(number, ".") {
		number = strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
	}
	if number == "-0" {
		number = "0"
	}
	return number, true
}

// SameNumber says whether both end in the same number.
func SameNumber(answer, gold string) bool {
	a, ok := Number(answer)
	g, is := Number(gold)
	return ok && is && a == g
}
