"""The only code beside student code. Untrusted side: runs inside the sandbox and knows no case, answer or score."""
