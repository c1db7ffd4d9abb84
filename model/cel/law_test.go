package cel_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/cel"
)

// Goal: laws in CEL say what laws in Go would. Method: a history of one
// ConfigMap that is made, grows, shrinks and goes; an expression that holds and
// one that does not, for each way to use one.

func page(text string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "a"}, Data: map[string]string{"page": text}}
}

func history() *model.History {
	states := []*corev1.ConfigMap{nil, page("x"), page("xxx"), page("xx"), nil}
	h := &model.History{Cleared: 10 * time.Second, Ended: 50 * time.Second}
	for i := range len(states) - 1 {
		c := model.Commit{Seq: uint64(i + 1), Revision: uint64(i + 1), Resource: "configmaps", Namespace: "default", Name: "a"}
		if states[i] != nil {
			c.Old = states[i]
		}
		if states[i+1] != nil {
			c.New = states[i+1]
		}
		h.Commits = append(h.Commits, c)
	}
	return h
}

func TestLaws(t *testing.T) {
	for _, c := range []struct {
		name     string
		law      cel.Law
		revision uint64 // of the culprit; 0: it holds
		message  string
	}{
		{"always holds", cel.Law{Resource: "configmaps", Always: "size(object.data.page) <= 3"}, 0, ""},
		{"always breaks", cel.Law{Resource: "configmaps", Always: "size(object.data.page) < 3"}, 2,
			"configmaps default/a: not true: size(object.data.page) < 3"},
		{"a field that is not there", cel.Law{Resource: "configmaps", Always: "object.data.title != ''"}, 1,
			"configmaps default/a: object.data.title != '' cannot be evaluated: no such key: title"},
		{"has asks first", cel.Law{Resource: "configmaps", Always: "!has(object.data.title)"}, 0, ""},
		{"change holds", cel.Law{Resource: "configmaps", Change: "object == null || oldObject == null || object.data.page != oldObject.data.page"}, 0, ""},
		{"change breaks", cel.Law{Resource: "configmaps", Change: "object == null || oldObject == null || size(object.data.page) > size(oldObject.data.page)"}, 3,
			"configmaps default/a: not true: object == null || oldObject == null || size(object.data.page) > size(oldObject.data.page)"},
		{"change elsewhere", cel.Law{Resource: "secrets", Change: "false"}, 0, ""},
		{"all objects", cel.Law{Resource: "configmaps", Always: "objects.all(o, o.data.page.startsWith('x'))"}, 0, ""},
		{"the cluster", cel.Law{Always: `!("configmaps" in cluster) || size(cluster["configmaps"]) == 0`}, 1,
			`not true: !("configmaps" in cluster) || size(cluster["configmaps"]) == 0`},
		{"eventually", cel.Law{Eventually: `!("configmaps" in cluster)`}, 0, ""},
		{"sentence", cel.Law{Resource: "configmaps", Sentence: "Pages are short.", Always: "true"}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.law.Name = "law"
			p, err := c.law.Property()
			require.NoError(t, err)
			result := p.Check(history())
			assert.Equal(t, c.message, result.Message)
			assert.Equal(t, c.revision, result.Culprit.Revision)
			assert.Equal(t, c.message == "", result.Status == model.Held)
		})
	}
}

func TestEventuallyBreaks(t *testing.T) {
	p, err := cel.Law{Name: "law", Eventually: `"configmaps" in cluster`}.Property()
	require.NoError(t, err)
	assert.Equal(t, model.ClassLiveness, p.Class)
	assert.Equal(t, model.Violated, p.Check(history()).Status)
}

func TestBadLawsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		law  cel.Law
		want string
	}{
		{"no name", cel.Law{Always: "true"}, "name: missing"},
		{"nothing to say", cel.Law{Name: "law"}, "0 expressions (want exactly one of always, change and eventually)"},
		{"two times", cel.Law{Name: "law", Always: "true", Eventually: "true"}, "2 expressions"},
		{"no resource", cel.Law{Name: "law", Always: "object.spec.x > 1"}, "resource: missing"},
		{"no truth", cel.Law{Name: "law", Always: "1 + 1"}, `always: "1 + 1" is a int (want true or false)`},
		{"unknown name", cel.Law{Name: "law", Eventually: "obj.x"}, "undeclared reference to 'obj'"},
		{"no CEL", cel.Law{Name: "law", Always: "object.spec ==="}, "Syntax error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.law.Property()
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}
