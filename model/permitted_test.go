package model_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/model/internal/modeltest"
)

// Goal: a permission that a role lacks is told, and nothing else that is answered 403.
// Method: histories of a few calls.

const byRBAC = `{"kind":"Status","message":"secrets is forbidden: User \"system:serviceaccount:shop:operator\" cannot list resource \"secrets\" in API group \"\" in the namespace \"shop\"","code":403}`

func asked(change func(*model.Call)) model.Call {
	c := model.Call{Process: "controller", Verb: "list", Resource: "secrets", Namespace: "shop", Outcome: model.Failed, Code: 403, Response: []byte(byRBAC)}
	change(&c)
	return c
}

func TestPermitted(t *testing.T) {
	same := func(*model.Call) {}
	for _, c := range []struct {
		name, explanation string
		calls             []model.Call
		want              model.Status
	}{
		{"forbidden", "the role lacks it", []model.Call{asked(same)}, model.Violated},
		{"allowed later", "the role came late", []model.Call{asked(same), asked(func(c *model.Call) { c.Outcome, c.Code, c.Response = model.OK, 200, nil })}, model.Held},
		{"taken away", "and is lacking from then on", []model.Call{asked(func(c *model.Call) { c.Outcome, c.Code, c.Response = model.OK, 200, nil }), asked(same)}, model.Violated},
		{"allowed elsewhere", "a role of another namespace does not help", []model.Call{asked(same), asked(func(c *model.Call) { c.Namespace, c.Outcome, c.Code = "bank", model.OK, 200 })}, model.Violated},
		{"quota", "refused for another reason", []model.Call{asked(func(c *model.Call) {
			c.Response = []byte(`{"message":"secrets \"a\" is forbidden: exceeded quota: q, requested: count/secrets=1"}`)
		})}, model.Held},
		{"a user", "not under test", []model.Call{asked(func(c *model.Call) { c.User = true })}, model.Held},
		{"another server", "a cloud has its own rules", []model.Call{asked(func(c *model.Call) { c.Host = "cloud.example.com" })}, model.Held},
		{"protobuf", "in any encoding", []model.Call{asked(func(c *model.Call) {
			c.Response = []byte("k8s\x00\x22\x80secrets is forbidden: User \"a\" cannot list")
		})}, model.Violated},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &model.History{Calls: c.calls}
			for i := range h.Calls {
				h.Calls[i].ID, h.Calls[i].CallSeq, h.Calls[i].ReturnSeq, h.Calls[i].Called = uint64(i+1), uint64(2*i+1), uint64(2*i+2), time.Duration(i)*time.Second
			}
			result := modeltest.Check(generic(t, "permitted"), h)
			assert.Equal(t, c.want, result.Status, c.explanation)
			if c.want == model.Violated {
				assert.Contains(t, result.Message, "the roles of controller do not allow it to list secrets in namespace shop")
			}
		})
	}
}
