package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"reflect"
	"strconv"
	"strings"
)

// named lists the types of the module that an expression mentions.
func (s *source) named(pkg string, expr ast.Expr) []typeName {
	var out []typeName
	ast.Inspect(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if from, ok := n.X.(*ast.Ident); ok && from.Name != "json" && from.Name != "time" {
				out = append(out, typeName{from.Name, n.Sel.Name})
			}
			return false
		case *ast.Field:
			if jsonName(n) == "-" {
				return false
			}
			out = append(out, s.named(pkg, n.Type)...)
			return false
		case *ast.Ident:
			if _, ok := s.types[typeName{pkg, n.Name}]; ok {
				out = append(out, typeName{pkg, n.Name})
			}
		}
		return true
	})
	return out
}

// tsName is the name of a Go type in TypeScript. Operations of the notebook keep their package, since "Run" alone would mislead.
func tsName(name typeName) string { return name.name }

func (s *source) declare(d decl) (string, error) {
	head := comment("", d.doc)
	if text, ok := handWritten()[d.name]; ok {
		return fmt.Sprintf("%sexport type %s = %s;\n", head, tsName(d.name), text), nil
	}
	if st, ok := d.spec.Type.(*ast.StructType); ok {
		body, err := s.fields(d.name.pkg, st)
		if err != nil {
			return "", fmt.Errorf("%s.%s: %w", d.name.pkg, d.name.name, err)
		}
		return fmt.Sprintf("%sexport interface %s {\n%s}\n", head, tsName(d.name), body), nil
	}
	if values := s.consts[d.name]; len(values) > 0 {
		return fmt.Sprintf("%sexport type %s = %s;\n", head, tsName(d.name), strings.Join(values, " | ")), nil
	}
	text, err := s.expr(d.name.pkg, d.spec.Type)
	if err != nil {
		return "", fmt.Errorf("%s.%s: %w", d.name.pkg, d.name.name, err)
	}
	return fmt.Sprintf("%sexport type %s = %s;\n", head, tsName(d.name), text), nil
}

func (s *source) fields(pkg string, st *ast.StructType) (string, error) {
	var out strings.Builder
	for _, f := range st.Fields.List {
		if len(f.Names) == 0 {
			inner, err := s.embedded(pkg, f.Type)
			if err != nil {
				return "", err
			}
			out.WriteString(inner)
			continue
		}
		name := jsonName(f)
		if name == "-" || !f.Names[0].IsExported() {
			continue
		}
		text, err := s.expr(pkg, f.Type)
		if err != nil {
			return "", fmt.Errorf("field %s: %w", f.Names[0].Name, err)
		}
		optional := ""
		if omitted(f) {
			optional, text = "?", strings.TrimSuffix(text, " | null")
		}
		out.WriteString(comment("  ", f.Doc.Text()+f.Comment.Text()))
		fmt.Fprintf(&out, "  %s%s: %s;\n", name, optional, text)
	}
	return out.String(), nil
}

// embedded inlines the fields of an embedded struct, as encoding/json does.
func (s *source) embedded(pkg string, expr ast.Expr) (string, error) {
	names := s.named(pkg, expr)
	if len(names) != 1 {
		return "", fmt.Errorf("embedded field of unknown type %T", expr)
	}
	st, ok := s.types[names[0]].spec.Type.(*ast.StructType)
	if !ok {
		return "", fmt.Errorf("embedded %s.%s is no struct", names[0].pkg, names[0].name)
	}
	return s.fields(names[0].pkg, st)
}

func (s *source) expr(pkg string, expr ast.Expr) (string, error) {
	switch e := expr.(type) {
	case *ast.Ident:
		return s.ident(pkg, e)
	case *ast.SelectorExpr:
		if from := e.X.(*ast.Ident).Name; from == "json" {
			return "Json", nil
		}
		return tsName(typeName{e.X.(*ast.Ident).Name, e.Sel.Name}), nil
	case *ast.StarExpr:
		text, err := s.expr(pkg, e.X)
		return text + " | null", err
	case *ast.ArrayType:
		if id, ok := e.Elt.(*ast.Ident); ok && id.Name == "byte" {
			return "string", nil // base64
		}
		text, err := s.expr(pkg, e.Elt)
		return list(text), err
	case *ast.MapType:
		text, err := s.expr(pkg, e.Value)
		return fmt.Sprintf("Record<string, %s> | null", text), err
	case *ast.InterfaceType:
		return "Json", nil
	}
	return "", fmt.Errorf("no TypeScript form for %T", expr)
}

func list(text string) string {
	if strings.Contains(text, " ") {
		text = "(" + text + ")"
	}
	return text + "[] | null"
}

func (s *source) ident(pkg string, e *ast.Ident) (string, error) {
	switch e.Name {
	case "string":
		return "string", nil
	case "bool":
		return "boolean", nil
	case "any":
		return "Json", nil
	case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "float32", "float64":
		return "number", nil
	}
	if _, ok := s.types[typeName{pkg, e.Name}]; ok {
		return tsName(typeName{pkg, e.Name}), nil
	}
	return "", fmt.Errorf("no TypeScript form for type %q", e.Name)
}

func tag(f *ast.Field) []string {
	if f.Tag == nil || f.Tag.Kind != token.STRING {
		return nil
	}
	text, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return nil
	}
	return strings.Split(reflect.StructTag(text).Get("json"), ",")
}

// jsonName is the key of a field in JSON, "-" when it has none.
func jsonName(f *ast.Field) string {
	if parts := tag(f); len(parts) > 0 && parts[0] != "" {
		return parts[0]
	}
	if len(f.Names) == 0 {
		return ""
	}
	return f.Names[0].Name
}

func omitted(f *ast.Field) bool {
	parts := tag(f)
	return len(parts) > 1 && (parts[1] == "omitempty" || parts[1] == "omitzero")
}

// comment writes a doc comment for editors, "" when there is nothing to say.
func comment(indent, text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	text = strings.ReplaceAll(text, "*/", "* /")
	return indent + "/** " + strings.Join(strings.Split(text, "\n"), "\n"+indent+" * ") + " */\n"
}
