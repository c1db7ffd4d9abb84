package kinds

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
)

// tableOf is how a kind looks to kubectl get: columns as the real server names
// and describes them (pkg/printers/internalversion), and the cells of a row.
type tableOf struct {
	columns []metav1.TableColumnDefinition
	cells   func(obj runtime.Object, now time.Time) []any
}

func table[T runtime.Object](columns []metav1.TableColumnDefinition, cells func(obj T, now time.Time) []any) tableOf {
	return tableOf{columns: columns, cells: func(obj runtime.Object, now time.Time) []any { return cells(obj.(T), now) }}
}

var (
	metaDoc    = metav1.ObjectMeta{}.SwaggerDoc()
	nameColumn = metav1.TableColumnDefinition{Name: "Name", Type: "string", Format: "name", Description: metaDoc["name"]}
	ageColumn  = metav1.TableColumnDefinition{Name: "Age", Type: "string", Description: metaDoc["creationTimestamp"]}
)

// plainTable is what kinds get for which the real server has no printer.
func plainTable() tableOf {
	return tableOf{
		columns: []metav1.TableColumnDefinition{
			nameColumn,
			{Name: "Created At", Type: "date", Description: metaDoc["creationTimestamp"]},
		},
		cells: func(obj runtime.Object, _ time.Time) []any {
			meta := obj.(metav1.Object)
			return []any{meta.GetName(), meta.GetCreationTimestamp().UTC().Format(time.RFC3339)}
		},
	}
}

// nameAndAge is the table of kinds that show nothing else.
func nameAndAge() tableOf {
	return tableOf{
		columns: []metav1.TableColumnDefinition{nameColumn, ageColumn},
		cells: func(obj runtime.Object, now time.Time) []any {
			meta := obj.(metav1.Object)
			return []any{meta.GetName(), age(meta.GetCreationTimestamp(), now)}
		},
	}
}

// age is a time span as kubectl writes it: 5s, 3m2s, 4d.
func age(since metav1.Time, now time.Time) string {
	if since.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(since.Time))
}

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}
