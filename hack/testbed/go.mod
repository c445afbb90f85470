module github.com/kubectl-suite/kubectl-suite/hack/testbed

go 1.26.0
