package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/seatrial/seatrial/internal/yamlread"
)

// Tagged are the fields of a struct that says itself how files have it: by the tags json
// (the name) and doc (a sentence) of each. It panics on a field of a type that files
// cannot have.
//
//   - a bool, a whole number of 1 or more, a fraction, text and a duration are what
//     [Flag], [Count], [Fraction], [Text] and [Duration] are; the zero value is left out;
//   - a struct of two durations Min and Max is a [Span];
//   - a pointer to a struct with tags is a mapping, there even when it is empty; nil is
//     left out;
//   - a slice is a list of what encoding/json makes its items of, strictly.
func Tagged(t reflect.Type) Object[reflect.Value] {
	var fields Object[reflect.Value]
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		fields = append(fields, tagged(i, f.Type, name, f.Tag.Get("doc")))
	}
	return fields
}

func tagged(i int, t reflect.Type, name, doc string) Field[reflect.Value] {
	switch zero := reflect.Zero(t).Interface(); zero.(type) {
	case bool:
		return Flag(name, doc, part[bool](i))
	case int:
		return Count(name, doc, 0, part[int](i))
	case float64:
		return Fraction(name, doc, 0, part[float64](i))
	case string:
		return Text(name, doc, part[string](i))
	case time.Duration:
		return Duration(name, doc, 0, part[time.Duration](i))
	}
	switch {
	case t.Kind() == reflect.Slice:
		return taggedList(i, name, doc)
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		return taggedPointer(i, t.Elem(), name, doc)
	case t.Kind() == reflect.Struct && t.NumField() == 2 && t.Field(0).Name == "Min" && t.Field(1).Name == "Max":
		return Span(name, doc, [2]time.Duration{}, func(v *reflect.Value) (least, most *time.Duration) {
			span := v.Field(i)
			return span.Field(0).Addr().Interface().(*time.Duration), span.Field(1).Addr().Interface().(*time.Duration)
		})
	}
	panic(fmt.Sprintf("format: files cannot have the field %s: a %s", name, t))
}

// part is the i-th field of a struct.
func part[U any](i int) func(*reflect.Value) *U {
	return func(v *reflect.Value) *U { return v.Field(i).Addr().Interface().(*U) }
}

func taggedPointer(i int, t reflect.Type, name, doc string) Field[reflect.Value] {
	fields := Tagged(t)
	return Custom(name, doc, fields.Schema,
		func(o *yamlread.Object, name string, v *reflect.Value) {
			inner := o.Child(name)
			if inner == nil {
				return
			}
			made := reflect.New(t)
			value := made.Elem()
			fields.Read(inner, &value)
			inner.Done()
			v.Field(i).Set(made)
		},
		func(v *reflect.Value) *yaml.Node {
			if v.Field(i).IsNil() {
				return nil
			}
			value := v.Field(i).Elem()
			return fields.Write(&value).Flow().Node()
		})
}

func taggedList(i int, name, doc string) Field[reflect.Value] {
	return Custom(name, doc,
		func() Schema { return listOf(AnyObject()) },
		func(o *yamlread.Object, name string, v *reflect.Value) {
			list := o.Structure(name)
			if list == nil {
				return
			}
			text, err := json.Marshal(list)
			if err == nil {
				strict := json.NewDecoder(bytes.NewReader(text))
				strict.DisallowUnknownFields()
				err = strict.Decode(v.Field(i).Addr().Interface())
			}
			if err != nil {
				o.Wrong(name, strings.TrimPrefix(err.Error(), "json: "), "a list of what "+name+" are")
			}
		},
		func(v *reflect.Value) *yaml.Node {
			if v.Field(i).Len() == 0 {
				return nil
			}
			var plain any
			text, err := json.Marshal(v.Field(i).Interface())
			if err == nil {
				err = json.Unmarshal(text, &plain)
			}
			if err != nil {
				panic("format: a list cannot be written: " + err.Error())
			}
			return JSONNode(plain)
		})
}
