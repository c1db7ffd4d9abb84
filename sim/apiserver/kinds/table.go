package kinds

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
)

// Table is how a kind looks to kubectl get: columns as the real server names
// and describes them (pkg/printers/internalversion), and the cells of a row.
type Table struct {
	Columns []metav1.TableColumnDefinition
	Cells   func(obj runtime.Object, now time.Time) []any
}

// TableOf adapts cells over a kind's own type.
func TableOf[T runtime.Object](columns []metav1.TableColumnDefinition, cells func(obj T, now time.Time) []any) Table {
	return Table{Columns: columns, Cells: func(obj runtime.Object, now time.Time) []any { return cells(obj.(T), now) }}
}

var (
	MetaDoc    = metav1.ObjectMeta{}.SwaggerDoc()
	NameColumn = metav1.TableColumnDefinition{Name: "Name", Type: "string", Format: "name", Description: MetaDoc["name"]}
	AgeColumn  = metav1.TableColumnDefinition{Name: "Age", Type: "string", Description: MetaDoc["creationTimestamp"]}
)

// PlainTable is what kinds get for which the real server has no printer.
func PlainTable() Table {
	return Table{
		Columns: []metav1.TableColumnDefinition{
			NameColumn,
			{Name: "Created At", Type: "date", Description: MetaDoc["creationTimestamp"]},
		},
		Cells: func(obj runtime.Object, _ time.Time) []any {
			meta := obj.(metav1.Object)
			return []any{meta.GetName(), meta.GetCreationTimestamp().UTC().Format(time.RFC3339)}
		},
	}
}

// NameAndAge is the table of kinds that show nothing else.
func NameAndAge() Table {
	return Table{
		Columns: []metav1.TableColumnDefinition{NameColumn, AgeColumn},
		Cells: func(obj runtime.Object, now time.Time) []any {
			meta := obj.(metav1.Object)
			return []any{meta.GetName(), Age(meta.GetCreationTimestamp(), now)}
		},
	}
}

// Age is a time span as kubectl writes it: 5s, 3m2s, 4d.
func Age(since metav1.Time, now time.Time) string {
	if since.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(since.Time))
}

// OrNone is how kubectl shows s: <none> for nothing.
func OrNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}
