package globalnet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seatrial/seatrial/model"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// body is what the judge reads of an object on the wire, of whatever kind.
// Fields that a kind does not have stay empty.
type body struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name              string            `json:"name"`
		UID               types.UID         `json:"uid"`
		Namespace         string            `json:"namespace"`
		DeletionTimestamp string            `json:"deletionTimestamp"`
		Finalizers        []string          `json:"finalizers"`
		Labels            map[string]string `json:"labels"`
		Annotations       map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		Type        string                        `json:"type"`
		ClusterIP   string                        `json:"clusterIP"`
		ExternalIPs []string                      `json:"externalIPs"`
		ParentRef   *networkingv1.ParentReference `json:"parentRef"`
	} `json:"spec"`
	Status struct {
		AllocatedIP string `json:"allocatedIP"`
	} `json:"status"`
}

// readBody decodes an object, or a Status, from JSON or protobuf.
func readBody(raw []byte) (*body, error) {
	if bytes.HasPrefix(raw, []byte(model.ProtobufMagic)) {
		return readProtobuf(raw[len(model.ProtobufMagic):])
	}
	b := new(body)
	err := json.Unmarshal(raw, b)
	var mismatch *json.UnmarshalTypeError
	// A metav1.Status has a string where objects have a status; all other
	// fields are read nevertheless.
	if errors.As(err, &mismatch) && b.Kind == "Status" {
		err = nil
	}
	return b, err
}

func readProtobuf(raw []byte) (*body, error) {
	var unknown runtime.Unknown
	if err := unknown.Unmarshal(raw); err != nil {
		return nil, fmt.Errorf("protobuf envelope: %w", err)
	}
	b := &body{Kind: unknown.Kind}
	switch unknown.Kind {
	case "Status":
	case "Service":
		var service corev1.Service
		if err := service.Unmarshal(unknown.Raw); err != nil {
			return nil, fmt.Errorf("protobuf Service: %w", err)
		}
		b.setMeta(&service)
		b.Spec.Type, b.Spec.ClusterIP, b.Spec.ExternalIPs = string(service.Spec.Type), service.Spec.ClusterIP, service.Spec.ExternalIPs
	case "IPAddress":
		var address networkingv1.IPAddress
		if err := address.Unmarshal(unknown.Raw); err != nil {
			return nil, fmt.Errorf("protobuf IPAddress: %w", err)
		}
		b.setMeta(&address)
		b.Spec.ParentRef = address.Spec.ParentRef
	default:
		return nil, fmt.Errorf("protobuf of kind %q", unknown.Kind)
	}
	return b, nil
}

func (b *body) setMeta(object metav1.Object) {
	b.Metadata.Name, b.Metadata.Namespace = object.GetName(), object.GetNamespace()
	b.Metadata.UID, b.Metadata.Finalizers = object.GetUID(), object.GetFinalizers()
	b.Metadata.Labels, b.Metadata.Annotations = object.GetLabels(), object.GetAnnotations()
	if at := object.GetDeletionTimestamp(); at != nil {
		b.Metadata.DeletionTimestamp = at.String()
	}
}

// terminating tells whether the object waits for its finalizers. One without
// any has just been removed: the answer shows it for the last time.
func (b *body) terminating() bool {
	return b.Metadata.DeletionTimestamp != "" && len(b.Metadata.Finalizers) > 0
}

// exportable is the wire's version of [exportable].
func (b *body) exportable() bool {
	return b.Metadata.DeletionTimestamp == "" && b.Spec.ClusterIP != corev1.ClusterIPNone &&
		(b.Spec.Type == "" || b.Spec.Type == string(corev1.ServiceTypeClusterIP))
}

// answeredIP reads status.allocatedIP of a GlobalIngressIP. Most answers of a
// run are status writes, so JSON as servers write it is searched, not decoded:
// no other field has that name, and strings within strings are escaped.
func answeredIP(raw []byte) (string, error) {
	if bytes.HasPrefix(raw, []byte("{")) {
		if _, rest, found := bytes.Cut(raw, []byte(`"allocatedIP":"`)); found {
			ip, _, _ := bytes.Cut(rest, []byte{'"'})
			return string(ip), nil
		}
		if !bytes.Contains(raw, []byte(`"allocatedIP"`)) {
			return "", nil
		}
	}
	object, err := readBody(raw)
	if err != nil {
		return "", err
	}
	return object.Status.AllocatedIP, nil
}

// Kinds of patch body, by the word in their media type.
func jsonPatch(c *model.Call) bool { return strings.Contains(c.RequestType, "json-patch") }
func mergePatch(c *model.Call) bool {
	return strings.Contains(c.RequestType, "merge-patch")
}

// requestedIP says what a request would make of status.allocatedIP: touched is
// false when it would leave it alone. It serves calls whose answer is not
// known; a body that cannot be read may have cleared it.
func requestedIP(c *model.Call) (ip string, touched bool) {
	if jsonPatch(c) {
		return jsonPatchedIP(c.Request)
	}
	var request struct {
		Status json.RawMessage `json:"status"`
	}
	if err := json.Unmarshal(c.Request, &request); err != nil {
		return "", true
	}
	if len(request.Status) == 0 {
		return "", !mergePatch(c)
	}
	return statusIP(request.Status, !mergePatch(c))
}

// statusIP reads allocatedIP from a status; whole says that what is missing is
// meant to be missing, which in a merge patch it is not.
func statusIP(raw json.RawMessage, whole bool) (ip string, touched bool) {
	var status map[string]json.RawMessage
	if err := json.Unmarshal(raw, &status); err != nil || status == nil {
		return "", true
	}
	value, present := status["allocatedIP"]
	if !present {
		return "", whole
	}
	if err := json.Unmarshal(value, &ip); err != nil {
		return "", true
	}
	return ip, true
}

func jsonPatchedIP(raw []byte) (ip string, touched bool) {
	var steps []struct {
		Op    string          `json:"op"`
		Path  string          `json:"path"`
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(raw, &steps); err != nil {
		return "", true
	}
	for _, step := range steps {
		if step.Op == "test" {
			continue
		}
		switch step.Path {
		case "/status/allocatedIP":
			ip, touched = "", true
			if step.Op != "remove" && json.Unmarshal(step.Value, &ip) != nil {
				ip = ""
			}
		case "/status", "":
			ip, touched = "", true
			if step.Op != "remove" {
				ip, _ = statusIP(step.Value, true)
			}
		}
	}
	return ip, touched
}
