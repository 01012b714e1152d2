"""From a request to chunks in the ledger: registered, admitted, decoded, planned."""
