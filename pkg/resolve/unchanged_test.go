package resolve

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func TestUnchanged(t *testing.T) {
	client := fake.NewClientset(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "db-0", UID: "new"}})
	for _, tc := range []struct{ pod, uid, want string }{
		{"db-0", "new", ""},
		{"db-0", "old", "was replaced since it was listed"},
		{"db-1", "old", "is gone since it was listed"},
	} {
		target := Target{Namespace: "n", Pod: tc.pod, UID: "old"}
		if tc.uid == "new" {
			target.UID = "new"
		}
		err := Unchanged(t.Context(), client, target)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s with UID %s: error %v, want %q", tc.pod, tc.uid, err, tc.want)
		}
	}
	client.PrependReactor("get", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("not readable")
	})
	if err := Unchanged(t.Context(), client, Target{Namespace: "n", Pod: "db-0", UID: "old"}); err != nil {
		t.Errorf("a check that could not be made says %v", err)
	}
}
