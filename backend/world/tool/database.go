package tool

import "slices"

// Field is one named value of a record.
type Field struct{ Name, Value string }

// Record is one row of the database. Kind and Name together are its key.
type Record struct {
	Kind, Name string
	Fields     []Field
}

// Database is a list of records in the order in which they were added.
type Database struct{ Records []Record }

// Clone returns a copy that shares nothing.
func (d *Database) Clone() Database {
	c := Database{Records: slices.Clone(d.Records)}
	for i := range c.Records {
		c.Records[i].Fields = slices.Clone(c.Records[i].Fields)
	}
	return c
}

// Find returns the record with that key, nil where there is none. It is valid until a record is added or removed.
func (d *Database) Find(kind, name string) *Record {
	for i := range d.Records {
		if r := &d.Records[i]; r.Kind == kind && r.Name == name {
			return r
		}
	}
	return nil
}

// Get returns a value, "" where record or field is missing.
func (d *Database) Get(kind, name, field string) string {
	if r := d.Find(kind, name); r != nil {
		return r.Get(field)
	}
	return ""
}

// Set sets a field of a record, which is added where it is missing.
func (d *Database) Set(kind, name, field, value string) {
	r := d.Find(kind, name)
	if r == nil {
		d.Records = append(d.Records, Record{Kind: kind, Name: name})
		r = &d.Records[len(d.Records)-1]
	}
	r.Set(field, value)
}

// Remove removes a record and says whether it was there.
func (d *Database) Remove(kind, name string) bool {
	n := len(d.Records)
	d.Records = slices.DeleteFunc(d.Records, func(r Record) bool { return r.Kind == kind && r.Name == name })
	return len(d.Records) < n
}

// Of lists the records of a kind, in order.
func (d *Database) Of(kind string) (list []Record) {
	for _, r := range d.Records {
		if r.Kind == kind {
			list = append(list, r)
		}
	}
	return list
}

// Get returns a value, "" where the field is missing.
func (r *Record) Get(field string) string {
	for _, f := range r.Fields {
		if f.Name == field {
			return f.Value
		}
	}
	return ""
}

// Set sets a field.
func (r *Record) Set(field, value string) {
	for i := range r.Fields {
		if r.Fields[i].Name == field {
			r.Fields[i].Value = value
			return
		}
	}
	r.Fields = append(r.Fields, Field{field, value})
}

// Change is one difference between two databases. Field is "" where the whole record came or went.
type Change struct {
	Kind, Name, Field string
	Before, After     string // of a whole record: "" and "added", or "removed" and ""
}

// Diff lists what is different in after, record by record in the order of before, then what was added.
func (d *Database) Diff(after *Database) (list []Change) {
	for i := range d.Records {
		r := &d.Records[i]
		now := after.Find(r.Kind, r.Name)
		if now == nil {
			list = append(list, Change{Kind: r.Kind, Name: r.Name, Before: "removed"})
			continue
		}
		list = append(list, r.diff(now)...)
	}
	for i := range after.Records {
		if r := &after.Records[i]; d.Find(r.Kind, r.Name) == nil {
			list = append(list, Change{Kind: r.Kind, Name: r.Name, After: "added"})
		}
	}
	return list
}

func (r *Record) diff(now *Record) (list []Change) {
	for _, f := range r.Fields {
		if v := now.Get(f.Name); v != f.Value {
			list = append(list, Change{Kind: r.Kind, Name: r.Name, Field: f.Name, Before: f.Value, After: v})
		}
	}
	for _, f := range now.Fields {
		if r.Get(f.Name) == "" && f.Value != "" {
			list = append(list, Change{Kind: r.Kind, Name: r.Name, Field: f.Name, After: f.Value})
		}
	}
	return list
}

// Key names a field of a record; Field "" stands for the whole record.
type Key struct{ Kind, Name, Field string }

// Untouched is the test that nothing but those fields and records is different from how it was at the start. Without it, calling
// everything would pay.
func Untouched(start Database, but ...Key) Checked {
	kept := start.Clone()
	return Checked{Name: "no other record changed", Holds: func(s *State) bool {
		for _, c := range kept.Diff(&s.Data) {
			if !slices.Contains(but, Key{c.Kind, c.Name, c.Field}) && !slices.Contains(but, Key{c.Kind, c.Name, ""}) {
				return false
			}
		}
		return true
	}}
}

// Equals is the test that a field of a record has that value at the end.
func Equals(kind, name, field, value string) Checked {
	return Checked{Name: kind + " " + name + " " + field + " is " + value,
		Holds: func(s *State) bool { return s.Data.Get(kind, name, field) == value }}
}
