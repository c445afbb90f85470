package apply_test

const childVar = "APPLY_TEST_DIR"

func child(string) int { return 0 }
