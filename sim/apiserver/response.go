package apiserver

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// Header values that never differ are shared between answers.
var (
	headerNoCache     = []string{"no-cache, private"}
	headerNoSniff     = []string{"nosniff"}
	headerFlowSchema  = []string{"3f0f5d1e-7a1b-4a55-9a0f-0a5ea71a1001"}
	headerPriority    = []string{"3f0f5d1e-7a1b-4a55-9a0f-0a5ea71a1002"}
	headerContentType = map[string][]string{
		contentJSON:     {contentJSON},
		contentYAML:     {contentYAML},
		contentProtobuf: {contentProtobuf},
	}
)

func (c *call) header(contentType string) http.Header {
	ct := headerContentType[contentType]
	if ct == nil {
		ct = []string{contentType}
	}
	h := http.Header{
		"Audit-Id":                          {c.server.uuid("audit", "", c.number)},
		"Cache-Control":                     headerNoCache,
		"Content-Type":                      ct,
		"X-Kubernetes-Pf-Flowschema-Uid":    headerFlowSchema,
		"X-Kubernetes-Pf-Prioritylevel-Uid": headerPriority,
	}
	if len(c.warnings) > 0 {
		h["Warning"] = c.warnings
	}
	return h
}

// warn adds a Warning header, each text once.
func (c *call) warn(text string) {
	if text == "" {
		return
	}
	header, err := utilnet.NewWarningHeader(299, "-", text)
	if err != nil || slices.Contains(c.warnings, header) {
		return
	}
	c.warnings = append(c.warnings, header)
}

func (c *call) respond(code int, contentType string, body []byte) {
	if contentType == contentJSON {
		body = c.laidOut(body)
	}
	c.w.Respond(code, c.header(contentType), body, false)
}

// pageNotFound is what answers when no API server part feels responsible.
func (c *call) pageNotFound() {
	h := c.header("text/plain; charset=utf-8")
	h["X-Content-Type-Options"] = headerNoSniff
	c.w.Respond(http.StatusNotFound, h, []byte("404 page not found\n"), false)
}

// fail answers with the Status of an error. An error without one is a 500, as
// in the real server. A request that only lacks an answer is served again.
func (c *call) fail(err error) {
	if c.suspended(err) {
		return
	}
	status := statusOf(err)
	f, ok := c.accept(acceptStatus)
	if !ok {
		f = format{}
	}
	body, contentType := encodeStatus(status, f.encoding)
	if contentType == contentJSON {
		body = c.laidOut(body)
	}
	h := c.header(contentType)
	if status.Details != nil && status.Details.RetryAfterSeconds > 0 {
		h["Retry-After"] = []string{strconv.Itoa(int(status.Details.RetryAfterSeconds))}
	}
	c.w.Respond(int(status.Code), h, body, false)
}

func statusOf(err error) *metav1.Status {
	var api apierrors.APIStatus
	if errors.As(err, &api) {
		status := api.Status()
		if status.Status == "" {
			status.Status = metav1.StatusFailure
		}
		if status.Code == 0 {
			status.Code = http.StatusInternalServerError
		}
		return &status
	}
	return &metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    http.StatusInternalServerError,
		Message: err.Error(),
	}
}

func encodeStatus(status *metav1.Status, e encoding) (body []byte, contentType string) {
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	return encodeMeta(status, e), contentTypes[e]
}

// encodeMeta encodes an object of the meta API, its type set.
func encodeMeta(obj runtime.Object, e encoding) []byte {
	switch e {
	case encodeProtobuf:
		return wrapProtobuf(obj.GetObjectKind().GroupVersionKind(), marshalProtobuf(obj))
	case encodeYAML:
		return toYAML(marshalJSON(obj))
	}
	return append(marshalJSON(obj), '\n')
}
