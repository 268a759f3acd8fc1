/** The tables of AlertGateway's database, as SQLAlchemy made them for it: for tests of the import. */

export const alertGatewaySchema = `
CREATE TABLE users (id INTEGER NOT NULL, user_name VARCHAR(16) NOT NULL, user_pass VARCHAR(100) NOT NULL,
  user_key VARCHAR(100) NOT NULL, PRIMARY KEY (id));
CREATE TABLE channels (channel_id INTEGER NOT NULL, channel_name VARCHAR(20) NOT NULL, channel_type VARCHAR(20),
  channel_enable BOOLEAN, channel_key VARCHAR(200) NOT NULL, channel_parameters VARCHAR(1000), PRIMARY KEY (channel_id),
  FOREIGN KEY(channel_key) REFERENCES users (user_key));
CREATE TABLE input_channels (input_channel_id INTEGER NOT NULL, input_channel_name VARCHAR(20) NOT NULL,
  input_channel_location VARCHAR(100) NOT NULL, input_channel_address VARCHAR(20) NOT NULL, input_channel_port INTEGER NOT NULL,
  input_channel_status BOOLEAN, input_channel_key VARCHAR(200) NOT NULL, PRIMARY KEY (input_channel_id));
CREATE TABLE messages (message_id INTEGER NOT NULL, message_sender VARCHAR(20) NOT NULL, message_receiver VARCHAR(50) NOT NULL,
  message_data VARCHAR(20) NOT NULL, message_date DATETIME NOT NULL, message_channel VARCHAR(20) NOT NULL, PRIMARY KEY (message_id));
`;
