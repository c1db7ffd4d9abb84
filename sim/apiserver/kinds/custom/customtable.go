package custom

import (
	"bytes"
	"fmt"
	"reflect"
	"sync"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/jsonpath"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// customTable makes the table of a custom resource: the name and the
// additional printer columns, by default the age. From a column that cannot be
// parsed on there are none, as in the real server.
func customTable(declared []apiextensionsv1.CustomResourceColumnDefinition) kinds.Table {
	if len(declared) == 0 {
		declared = []apiextensionsv1.CustomResourceColumnDefinition{{
			Name: "Age", Type: "date", Description: kinds.MetaDoc["creationTimestamp"], JSONPath: ".metadata.creationTimestamp",
		}}
	}
	columns := []metav1.TableColumnDefinition{kinds.NameColumn}
	var cells []customCell
	for _, column := range declared {
		path := jsonpath.New(column.Name).AllowMissingKeys(true)
		if err := path.Parse("{" + column.JSONPath + "}"); err != nil {
			break
		}
		description := column.Description
		if description == "" {
			description = fmt.Sprintf("Custom resource definition column (in JSONPath format): %s", column.JSONPath)
		}
		columns = append(columns, metav1.TableColumnDefinition{
			Name: column.Name, Type: column.Type, Format: column.Format, Description: description, Priority: column.Priority,
		})
		cells = append(cells, customCell{kind: column.Type, path: path, lock: &sync.Mutex{}})
	}
	return kinds.Table{Columns: columns, Cells: func(obj runtime.Object, now time.Time) []any {
		u := obj.(*unstructured.Unstructured)
		row := []any{u.GetName()}
		for _, cell := range cells {
			row = append(row, cell.of(u, now))
		}
		return row
	}}
}

type customCell struct {
	kind string
	path *jsonpath.JSONPath
	// A parsed path keeps state while it prints; kinds are shared.
	lock *sync.Mutex
}

func (c customCell) of(u *unstructured.Unstructured, now time.Time) any {
	c.lock.Lock()
	defer c.lock.Unlock()
	results, err := c.path.FindResults(u.Object)
	if err != nil || len(results) == 0 || len(results[0]) == 0 {
		return nil
	}
	value := results[0][0].Interface()
	if c.kind != "string" {
		return cellValue(c.kind, value, now)
	}
	var text bytes.Buffer
	if err := c.path.PrintResults(&text, []reflect.Value{reflect.ValueOf(value)}); err != nil {
		return nil
	}
	return text.String()
}

// cellValue converts a JSON value to the type of its column, nil if it cannot.
func cellValue(kind string, value any, now time.Time) any {
	switch kind {
	case "integer":
		switch n := value.(type) {
		case int64:
			return n
		case float64:
			return int64(n)
		}
	case "number":
		switch n := value.(type) {
		case int64:
			return float64(n)
		case float64:
			return n
		}
	case "boolean":
		if b, ok := value.(bool); ok {
			return b
		}
	case "date":
		if text, ok := value.(string); ok {
			var at metav1.Time
			if err := at.UnmarshalQueryParameter(text); err != nil {
				return "<invalid>"
			}
			return kinds.Age(at, now)
		}
	}
	return nil
}
