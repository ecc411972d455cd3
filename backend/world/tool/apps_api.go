package tool

import (
	"slices"
	"strings"
)

// form is how a call wants to be written in an episode: a keyword, and the order of what stands behind it. A call of one argument has its
// keyword before it (order 0) or behind it (order 1); one of two has the keyword first and its arguments in the order of apiArgs or the
// other way round.
type form struct{ keyword, order int }

// forms draws the form of every call.
func (a *apps) forms(d *dice) (forms [apiCount]form) {
	for api := range forms {
		at := d.below(a.knobs.Forms)
		forms[api] = form{at % 2, at / 2}
	}
	return forms
}

// words are the words behind the name of a call in that form.
func (f form) words(args []string) []string {
	keyword := keywordWords()[f.keyword]
	switch {
	case len(args) == 1 && f.order == 1:
		return []string{args[0], keyword}
	case len(args) == 1:
		return []string{keyword, args[0]}
	case f.order == 1:
		return []string{keyword, args[1], args[0]}
	}
	return []string{keyword, args[0], args[1]}
}

// say is a call in a form.
func say(api int, f form, args []string) string {
	return Action{Verb: Call, Name: APIs()[api], Args: f.words(args)}.String()
}

// doc is the documentation of a call: its name and the sorts of its arguments in their form.
func (f form) doc(api int) string {
	sorts := make([]string, 0, 2)
	for _, s := range apiArgs(api) {
		sorts = append(sorts, sortNames()[s])
	}
	return APIs()[api] + " " + strings.Join(f.words(sorts), " ")
}

// read finds the arguments in the words of a call, in whatever form. ok is false where they are not its arguments.
func readCall(api int, words []string) (f form, args []string, ok bool) {
	sorts := apiArgs(api)
	if len(words) != len(sorts)+1 {
		return f, nil, false
	}
	if len(sorts) == 1 {
		if f.order = 0; slices.Contains(keywordWords(), words[1]) {
			f.order = 1
			words = []string{words[1], words[0]}
		}
	}
	if f.keyword = slices.Index(keywordWords(), words[0]); f.keyword < 0 {
		return f, nil, false
	}
	args = slices.Clone(words[1:])
	if len(sorts) == 2 && isSort(args[0], sorts[1]) && isSort(args[1], sorts[0]) {
		f.order = 1
		slices.Reverse(args)
	}
	for i, s := range sorts {
		if !isSort(args[i], s) {
			return f, nil, false
		}
	}
	return f, args, true
}

// tool is a call in its form. With another keyword it fails. With its words in the wrong order it is done to the first other record of the
// kind, and says nothing of it (knob silently).
func (a *apps) tool(api int, want form) Tool {
	return Tool{Name: APIs()[api], Doc: want.doc(api), Run: func(s *State, words []string) Reply {
		f, args, ok := readCall(api, words)
		switch {
		case !ok || f.keyword != want.keyword, f.order != want.order && !a.knobs.Silently:
			return refuse("form")
		case f.order != want.order:
			if args[0] = another(&s.Data, api, args[0]); args[0] == "" {
				return refuse("no")
			}
		}
		return run(&s.Data, api, args)
	}}
}

// subjects is the kind of record that a call is about, and the field that names it ("" for the record's own name).
func subject(api int) (kind, field string) {
	switch api {
	case apiNewest:
		return "file", "folder"
	case apiStat, apiMove, apiDrop:
		return "file", ""
	case apiShow, apiPen, apiTag, apiWipe:
		return "note", ""
	case apiText:
		return "contact", "number"
	case apiOwed, apiPay, apiCharge, apiCap:
		return "wallet", ""
	}
	return "contact", ""
}

// another is what the first record that is not the one meant is called by.
func another(db *Database, api int, not string) string {
	kind, field := subject(api)
	for _, r := range db.Of(kind) {
		name := r.Name
		if field != "" {
			name = r.Get(field)
		}
		if name != "" && name != not {
			return name
		}
	}
	return ""
}

// run does a call to the record that is named.
func run(db *Database, api int, args []string) Reply {
	kind, field := subject(api)
	if field == "" && api != apiEnrol && db.Find(kind, args[0]) == nil {
		return refuse("no")
	}
	set := func(field string) Reply {
		db.Set(kind, args[0], field, args[1])
		return reply("ok")
	}
	switch api {
	case apiNewest:
		return newest(db, args[0])
	case apiStat:
		return reply(db.Get(kind, args[0], "date") + " " + db.Get(kind, args[0], "folder"))
	case apiMove:
		return set("folder")
	case apiShow:
		return reply(db.Get(kind, args[0], "sum"))
	case apiLookup:
		return reply(db.Get(kind, args[0], "number"))
	case apiOwed:
		return reply(db.Get(kind, args[0], "owes"))
	case apiPen, apiEnrol:
		return set("number")
	case apiTag:
		return set("label")
	case apiText:
		db.Set("message", args[0], "says", args[1])
		return reply("ok")
	case apiPay:
		return set("paid")
	case apiCharge:
		return set("charged")
	case apiCap:
		return set("cap")
	}
	db.Remove(kind, args[0]) // drop, wipe, forget
	return reply("ok")
}

// newest is the file of the latest date in a folder.
func newest(db *Database, folder string) Reply {
	best, at := "", -1
	for _, r := range db.Of("file") {
		if date := slices.Index(dateWords(), r.Get("date")); r.Get("folder") == folder && date > at {
			best, at = r.Name, date
		}
	}
	if best == "" {
		return refuse("no")
	}
	return reply(best)
}
