-- Id of the multipart upload of an S3 store; null: the bytes are appended to a file.
ALTER TABLE upload ADD COLUMN multipart text;
