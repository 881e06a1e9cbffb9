'use strict';
// Lets a function that stands behind a custom resource answer CloudFormation: it puts a document at the URL it was given.
const http = require('http');
const https = require('https');

exports.SUCCESS = 'SUCCESS';
exports.FAILED = 'FAILED';

exports.send = function (event, context, status, data, physicalResourceId, noEcho) {
  const document = JSON.stringify({
    Status: status,
    Reason: 'See the details in CloudWatch Log Stream: ' + context.logStreamName,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: data,
  });
  const url = new URL(event.ResponseURL);
  const headers = { 'content-type': '', 'content-length': Buffer.byteLength(document) };
  const sent = new Promise((resolve) => {
    const request = (url.protocol === 'http:' ? http : https).request(url, { method: 'PUT', headers }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    request.on('error', (error) => {
      console.log('CloudFormation could not be answered: ' + error.message);
      resolve();
    });
    request.end(document);
  });
  return sent.then(() => context.done && context.done());
};
