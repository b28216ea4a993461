"""The ledger: blocks, transactions, accounts, tasks and the rules that lead from one state to the next. Pure."""
